import { useState } from 'react';

/**
 * Keeps what is shown still while someone points at it or works in it, so that nothing moves away under the pointer.
 * `newest` is shown again as soon as they leave.
 */
export interface Held<Value> {
  readonly shown: Value | undefined;
  readonly isHeld: boolean;
  /** Handlers of the element that holds still. */
  readonly handlers: {
    readonly onPointerEnter: () => void;
    readonly onPointerLeave: () => void;
    readonly onFocus: () => void;
    readonly onBlur: () => void;
  };
}

interface HeldOptions<Value> {
  readonly newest: Value | undefined;
  /** Names what is shown; a picture that was held under another name is let go. */
  readonly name: string;
  /** Held on although nobody points at it, for example because a part of it is opened. */
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
