'use client';

import type { NewEntity } from '@emcachers/core/new-entity';
import { useState } from 'react';
import { type UseFormReturn, useController } from 'react-hook-form';
import { indexesOfText, textOfIndexes } from '../../shape-draft/index-lines.ts';
import { describedBy, Field } from './field.tsx';

const id = 'indexes';

/** The indexes that the cache files begin with, one in each line. */
export function IndexesField({ form }: { readonly form: UseFormReturn<NewEntity> }) {
  const { field, fieldState } = useController({ control: form.control, name: 'indexes' });
  const [typed, setTyped] = useState({ text: '', indexes: '' });
  const kept = textOfIndexes(field.value);
  // A restored or discarded draft replaces what was typed.
  const text = typed.indexes === kept ? typed.text : kept;
  const error = firstMessage(fieldState.error);
  return (
    <Field
      id={id}
      label="Indexes"
      error={error}
      hint="Optional: one index in each line, its columns separated by commas. Queries that compare these columns become fast; the file grows. They can be added and dropped later."
    >
      <textarea
        id={id}
        ref={field.ref}
        rows={2}
        spellCheck={false}
        placeholder="status, placed_at"
        className="w-full rounded-control border border-field bg-panel px-2.5 py-1.5 font-mono text-[0.9rem] placeholder:text-ink-3 aria-invalid:border-bad"
        {...describedBy(id, error)}
        value={text}
        onBlur={field.onBlur}
        onChange={(event) => {
          const indexes = indexesOfText(event.target.value);
          setTyped({ text: event.target.value, indexes: textOfIndexes(indexes) });
          field.onChange(indexes);
        }}
      />
    </Field>
  );
}

/** An error of a list is nested as the list is: by index, then by column. */
function firstMessage(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('message' in error && typeof error.message === 'string') return error.message;
  for (const part of Object.values(error)) {
    const message = firstMessage(part);
    if (message !== undefined) return message;
  }
  return undefined;
}
