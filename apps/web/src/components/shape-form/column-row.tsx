'use client';

import type { PreviewView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { columnTypes, refusalPolicies } from '@emcachers/core/shape';
import { ArrowDown, ArrowUp, X } from 'lucide-react';
import { type UseFormReturn, useFormState, useWatch } from 'react-hook-form';
import { policyTitles } from '../../entity-facts/policy-titles.ts';
import { formatShare, unknownFigure } from '../../format/numbers.ts';
import { Button } from '../ui/button.tsx';
import { Select } from '../ui/select.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { ColumnMaskField } from './column-mask.tsx';
import { FieldError } from './field.tsx';

const columnParts = ['name', 'path', 'type'] as const;
type ColumnPart = (typeof columnParts)[number];

export type ColumnPreview = PreviewView['columns'][number];

interface ColumnRowProps {
  readonly form: UseFormReturn<NewEntity>;
  readonly index: number;
  readonly count: number;
  readonly pathListId: string;
  /** Counts for this column from the sample; undefined until the preview arrives. */
  readonly found: { readonly column: ColumnPreview; readonly sampled: number } | undefined;
  readonly onMove: (to: number) => void;
  readonly onRemove: () => void;
}

/** Id of the help text of the column policies. */
export const policyHintId = 'column-policies';

/** Id of a move button. After a move the focus stays on the same button of the same column. */
export function moveButtonId(index: number, direction: 'up' | 'down'): string {
  return `column-${index}-${direction}`;
}

export function ColumnRow({ form, index, count, pathListId, found, onMove, onRemove }: ColumnRowProps) {
  const messageOf = useColumnMessages(form, index);
  const number = index + 1;
  const base = `column-${index}`;
  const at = (part: ColumnPart) => {
    const message = messageOf(part);
    return {
      id: `${base}-${part}`,
      'aria-invalid': message !== undefined,
      'aria-describedby': message === undefined ? undefined : `${base}-${part}-error`,
      ...form.register(`columns.${index}.${part}`),
    };
  };
  return (
    <li className="grid grid-cols-[1fr_auto] gap-x-2 gap-y-1.5 border-line border-b px-3 py-2 last:border-b-0 sm:grid-cols-[minmax(0,1fr)_minmax(0,1.25fr)_6.4rem_3.2rem_auto] sm:items-center">
      <NarrowLabel words={`Column ${number}`} />
      <TextInput
        mono
        aria-label={`Name of column ${number}`}
        placeholder="column"
        className="max-sm:col-span-2"
        {...at('name')}
      />
      <NarrowLabel words="Path in the document" />
      <TextInput
        mono
        aria-label={`Path of column ${number}`}
        placeholder="path.in.document"
        list={pathListId}
        className="max-sm:col-span-2"
        {...at('path')}
      />
      <Select aria-label={`Type of column ${number}`} className="w-full max-sm:max-w-40" {...at('type')}>
        {columnTypes.map((type) => (
          <option key={type}>{type}</option>
        ))}
      </Select>
      <Found found={found} />
      <RowButtons index={index} count={count} onMove={onMove} onRemove={onRemove} />
      <Policy form={form} index={index} />
      <ColumnMaskField form={form} index={index} />
      <div className="col-span-full grid gap-1 empty:hidden">
        {columnParts.map((part) => {
          const message = messageOf(part);
          return message === undefined ? null : <FieldError key={part} id={`${base}-${part}`} error={message} />;
        })}
      </div>
    </li>
  );
}

/** `null` is the default, which a shape leaves out. */
function Policy({ form, index }: Pick<ColumnRowProps, 'form' | 'index'>) {
  const id = `column-${index}-policy`;
  const column = useWatch({ control: form.control, name: `columns.${index}` });
  const choose = (chosen: string) => {
    const { whenRefused: _, ...rest } = form.getValues(`columns.${index}`);
    const policy = refusalPolicies.find((each) => each === chosen && each !== 'null');
    const changed = policy === undefined ? rest : { ...rest, whenRefused: policy };
    form.setValue(`columns.${index}`, changed, { shouldDirty: true });
  };
  return (
    <div className="col-span-full flex flex-wrap items-center gap-x-2 gap-y-1 text-ink-3 text-sm">
      <label htmlFor={id}>
        <span className="sr-only">Column {index + 1}: </span>If it cannot hold a value
      </label>
      <Select
        small
        id={id}
        aria-describedby={policyHintId}
        className="w-32"
        value={column?.whenRefused ?? 'null'}
        onChange={(event) => choose(event.target.value)}
      >
        {refusalPolicies.map((policy) => (
          <option key={policy} value={policy}>
            {policyTitles[policy]}
          </option>
        ))}
      </Select>
    </div>
  );
}

function RowButtons({
  index,
  count,
  onMove,
  onRemove,
}: Pick<ColumnRowProps, 'index' | 'count' | 'onMove' | 'onRemove'>) {
  const number = index + 1;
  return (
    <div className="flex justify-end gap-0.5 max-sm:col-span-2">
      <Button
        look="quiet"
        size="small"
        id={moveButtonId(index, 'up')}
        aria-label={`Move column ${number} up`}
        disabled={index === 0}
        onClick={() => onMove(index - 1)}
      >
        <ArrowUp size={14} aria-hidden />
      </Button>
      <Button
        look="quiet"
        size="small"
        id={moveButtonId(index, 'down')}
        aria-label={`Move column ${number} down`}
        disabled={index === count - 1}
        onClick={() => onMove(index + 1)}
      >
        <ArrowDown size={14} aria-hidden />
      </Button>
      <Button look="quiet" size="small" aria-label={`Remove column ${number}`} onClick={onRemove}>
        <X size={14} aria-hidden />
      </Button>
    </div>
  );
}

/** Narrow screens have no heads above the columns of the list. */
function NarrowLabel({ words }: { readonly words: string }) {
  return (
    <span aria-hidden className="col-span-2 text-ink-3 text-sm sm:hidden">
      {words}
    </span>
  );
}

/** The error of each part of a column. A part that the operator has not visited yet shows none. */
function useColumnMessages(form: UseFormReturn<NewEntity>, index: number): (part: ColumnPart) => string | undefined {
  const { errors, touchedFields, isSubmitted } = useFormState({ control: form.control });
  const touched = touchedFields.columns?.[index];
  return (part) => (isSubmitted || touched?.[part] === true ? errors.columns?.[index]?.[part]?.message : undefined);
}

function Found({ found }: Pick<ColumnRowProps, 'found'>) {
  const share = found === undefined || found.sampled === 0 ? null : found.column.found / found.sampled;
  return (
    <span
      className="figures text-end text-ink-2 text-sm max-sm:self-center"
      title="Share of sampled documents that have this path"
    >
      <span className="sr-only">Found in </span>
      {share === null ? (
        unknownFigure
      ) : (
        <span className={share === 0 ? 'text-bad' : undefined}>{formatShare(share)}</span>
      )}
    </span>
  );
}
