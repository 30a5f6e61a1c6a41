import { useState } from 'react';

/**
 * Freezes what is shown while the pointer or the focus is inside, so that nothing moves away under the pointer. `newest`
 * is shown again as soon as they leave.
 */
export interface Held<Value> {
  readonly shown: Value | undefined;
  readonly isHeld: boolean;
  /** Event handlers for the element to freeze. */
  readonly handlers: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: () => void;
    readonly onBlur: () => void;
  };
}

interface HeldOptions<Value> {
  readonly newest: Value | undefined;
  /** Identifies what is shown; a frozen value with another name is discarded. */
  readonly name: string;
  /** Stays frozen without pointer and focus, for example because a part of it is expanded. */
  readonly isPinned: boolean;
}

export function useHeld<Value>({ newest, name, isPinned }: HeldOptions<Value>): Held<Value> {
  const [held, setHeld] = useState<{ readonly name: string; readonly value: Value } | null>(null);
  const isHeld = held !== null && held.name === name;
  const hold = () => {
    if (newest !== undefined && !isHeld) setHeld({ name, value: newest });
  };
  const release = () => {
    if (!isPinned) setHeld(null);
  };
  return {
    shown: isHeld ? held.value : newest,
    isHeld,
    handlers: { onPointerEnter: hold, onPointerLeave: release, onFocus: hold, onBlur: release },
  };
}
