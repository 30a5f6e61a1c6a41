'use client';

import { useId } from 'react';
import { TextInput } from '../ui/text-input.tsx';
import type { ActionView } from './use-actions.ts';

interface ActionOptionProps {
  readonly option: ActionView['options'][number];
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

export function ActionOption({ option, checked, onChange }: ActionOptionProps) {
  return (
    <label className="flex items-start gap-2.5">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-[3px] size-4 accent-accent"
      />
      <span>
        {option.title}
        <span className="block text-ink-2 text-sm">{option.detail}</span>
      </span>
    </label>
  );
}

interface TypedNameProps {
  readonly entityName: string;
  readonly typed: string;
  readonly onType: (typed: string) => void;
}

export function TypedName({ entityName, typed, onType }: TypedNameProps) {
  const id = useId();
  return (
    <div className="grid gap-1.5">
      <label htmlFor={id} className="font-[560]">
        Type <code className="rounded-[4px] bg-sunken px-1 py-px">{entityName}</code> to confirm
      </label>
      <TextInput mono id={id} value={typed} onChange={(event) => onType(event.target.value)} />
    </div>
  );
}
