'use client';

import type { PreviewView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { useState } from 'react';
import { type UseFormReturn, useController } from 'react-hook-form';
import { formatCount } from '../../format/numbers.ts';
import { filterOfText, textOfFilter } from '../../shape-draft/filter-text.ts';
import { describedBy, Field } from './field.tsx';

interface FilterFieldProps {
  readonly form: UseFormReturn<NewEntity>;
  readonly preview: PreviewView | undefined;
}

const id = 'filter';

/** The filter as JSON. What is not JSON yet stays in the form as text, which the schema refuses. */
export function FilterField({ form, preview }: FilterFieldProps) {
  const { field, fieldState } = useController({ control: form.control, name: 'where' });
  const [typed, setTyped] = useState({ text: '', filter: '' });
  const kept = textOfFilter(field.value);
  // A restored or discarded draft replaces what was typed.
  const text = typed.filter === kept ? typed.text : kept;
  const error = fieldState.error?.message;
  return (
    <Field id={id} label="Filter" error={error} hint={<Hint isSet={text.trim() !== ''} preview={preview} />}>
      <textarea
        id={id}
        ref={field.ref}
        rows={text.includes('\n') ? 6 : 2}
        spellCheck={false}
        placeholder='{ "status": "open", "total": { "$gte": 10 } }'
        className="w-full rounded-control border border-field bg-panel px-2.5 py-1.5 font-mono text-[0.9rem] placeholder:text-ink-3 aria-invalid:border-bad"
        {...describedBy(id, error)}
        value={text}
        onBlur={field.onBlur}
        onChange={(event) => {
          const filter = filterOfText(event.target.value);
          setTyped({ text: event.target.value, filter: textOfFilter(filter) });
          field.onChange(filter);
        }}
      />
    </Field>
  );
}

function Hint({ isSet, preview }: { readonly isSet: boolean; readonly preview: PreviewView | undefined }) {
  return (
    <>
      Optional: a MongoDB query in Extended JSON. Only matching documents are copied, and one that no longer matches is
      deleted from the cache.
      {isSet && preview !== undefined ? (
        <span className="figures text-ink-2">
          {' '}
          {formatCount(preview.matched)} of {formatCount(preview.sampled)} sampled documents match.
        </span>
      ) : null}
    </>
  );
}
