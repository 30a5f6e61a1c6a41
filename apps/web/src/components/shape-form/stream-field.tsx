'use client';

import type { FleetView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { defaultStreamName } from '@emcachers/core/shape';
import { type UseFormReturn, useFormState } from 'react-hook-form';
import { TextInput } from '../ui/text-input.tsx';
import { describedBy, Field } from './field.tsx';

const id = 'stream';

interface StreamFieldProps {
  readonly form: UseFormReturn<NewEntity>;
  readonly fleet: FleetView | undefined;
}

/** The stream that feeds the entity. Offers those that exist; a new name makes a new one. */
export function StreamField({ form, fleet }: StreamFieldProps) {
  const { errors } = useFormState({ control: form.control });
  const error = errors.stream?.message;
  const names = fleet?.streams.map(({ stream }) => stream) ?? [];
  return (
    <Field
      id={id}
      label="Stream"
      error={error}
      hint="Optional. Entities of one stream have one leader and one order of changes. Another stream is written by another node at the same time. It cannot be changed later."
    >
      <TextInput
        mono
        id={id}
        list="stream-names"
        placeholder={defaultStreamName}
        {...describedBy(id, error)}
        {...form.register('stream', { setValueAs: (text: string | undefined) => (text === '' ? undefined : text) })}
      />
      <datalist id="stream-names">
        {names.map((name) => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </Field>
  );
}
