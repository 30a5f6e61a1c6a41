'use client';

import { type ColumnMask, maskKinds } from '@emcachers/core/column-mask';
import type { NewEntity } from '@emcachers/core/new-entity';
import { type UseFormReturn, useFormState, useWatch } from 'react-hook-form';
import { maskTitles } from '../../entity-facts/mask-titles.ts';
import { Select } from '../ui/select.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { FieldError } from './field.tsx';

interface ColumnMaskFieldProps {
  readonly form: UseFormReturn<NewEntity>;
  readonly index: number;
}

const consequences: Readonly<Record<ColumnMask['kind'], string>> = {
  hash: 'The same value gives the same hash, so the column can be joined and grouped, but not read.',
  redact: 'Only whether there is a value can be seen.',
  truncate: 'Only the first characters are copied.',
};

const lengthStandard = 3;

/** The mask of a column. A shape leaves out the mask of a column that copies its values. */
export function ColumnMaskField({ form, index }: ColumnMaskFieldProps) {
  const id = `column-${index}-mask`;
  const mask = useWatch({ control: form.control, name: `columns.${index}` })?.mask;
  const { errors } = useFormState({ control: form.control });
  const error = errors.columns?.[index]?.mask?.message;
  const keep = (next: ColumnMask | undefined) => {
    const { mask: _, ...rest } = form.getValues(`columns.${index}`);
    form.setValue(`columns.${index}`, next === undefined ? rest : { ...rest, mask: next }, {
      shouldDirty: true,
      shouldValidate: true,
    });
  };
  return (
    <div className="col-span-full flex flex-wrap items-center gap-x-2 gap-y-1 text-ink-3 text-sm">
      <label htmlFor={id}>
        <span className="sr-only">Column {index + 1}: </span>Mask
      </label>
      <Select
        small
        id={id}
        aria-invalid={error !== undefined}
        aria-describedby={`${id}-hint`}
        className="w-32"
        value={mask?.kind ?? ''}
        onChange={(event) => keep(maskOf(event.target.value))}
      >
        <option value="">None</option>
        {maskKinds.map((kind) => (
          <option key={kind} value={kind}>
            {maskTitles[kind]}
          </option>
        ))}
      </Select>
      {mask?.kind === 'truncate' ? (
        <TextInput
          small
          inputMode="numeric"
          aria-label={`Characters kept of column ${index + 1}`}
          className="max-w-16"
          value={String(mask.length)}
          onChange={(event) => keep({ kind: 'truncate', length: Number(event.target.value) })}
        />
      ) : null}
      <span id={`${id}-hint`}>{mask === undefined ? '' : consequences[mask.kind]}</span>
      {error === undefined ? null : <FieldError id={id} error={error} />}
    </div>
  );
}

function maskOf(chosen: string): ColumnMask | undefined {
  const kind = maskKinds.find((each) => each === chosen);
  if (kind === undefined) return undefined;
  return kind === 'truncate' ? { kind, length: lengthStandard } : { kind };
}
