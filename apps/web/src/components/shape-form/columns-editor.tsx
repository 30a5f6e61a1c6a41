'use client';

import type { PreviewView, SampleView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { Plus } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type UseFieldArrayReturn, type UseFormReturn, useFormState, useWatch } from 'react-hook-form';
import { useAnnounce } from '../../live/announcer.tsx';
import { Button } from '../ui/button.tsx';
import { ColumnRow, moveButtonId, policyHintId } from './column-row.tsx';
import { FieldError } from './field.tsx';

interface ColumnsEditorProps {
  readonly form: UseFormReturn<NewEntity>;
  readonly columns: UseFieldArrayReturn<NewEntity, 'columns'>;
  readonly sample: SampleView | undefined;
  readonly preview: PreviewView | undefined;
}

const pathListId = 'sampled-paths';
const addButtonId = 'add-column';

export function ColumnsEditor({ form, columns, sample, preview }: ColumnsEditorProps) {
  const { errors } = useFormState({ control: form.control });
  const names = useWatch({ control: form.control, name: 'columns' }).map((column) => column.name);
  const focusNext = useFocusNext();
  const announce = useAnnounce();
  const { fields } = columns;
  const listError = errors.columns?.root?.message ?? errors.columns?.message;
  const found = (name: string | undefined) => {
    const column = preview?.columns.find((candidate) => candidate.name === name);
    return column === undefined || preview === undefined ? undefined : { column, sampled: preview.matched };
  };
  return (
    <fieldset className="grid min-w-0 gap-1.5">
      <legend className="mb-1.5 font-[560]">
        Columns <span className="font-normal text-ink-3">· in addition to the key, doc_id</span>
      </legend>
      <datalist id={pathListId}>
        {sample?.paths.map(({ path }) => (
          <option key={path} value={path} />
        ))}
      </datalist>
      {fields.length === 0 ? null : (
        <div className="rounded-card border border-line">
          <ColumnHeads />
          <ol>
            {fields.map((field, index) => (
              <ColumnRow
                key={field.id}
                form={form}
                index={index}
                count={fields.length}
                pathListId={pathListId}
                found={found(names[index])}
                onMove={(to) => {
                  columns.move(index, to);
                  announce(`Column ${index + 1} is now column ${to + 1}.`);
                  focusNext(moveButtonId(to, to < index ? 'up' : 'down'), moveButtonId(to, to < index ? 'down' : 'up'));
                }}
                onRemove={() => {
                  columns.remove(index);
                  announce(`Column ${names[index] ?? ''} removed.`);
                  focusNext(addButtonId);
                }}
              />
            ))}
          </ol>
        </div>
      )}
      {fields.length === 0 ? null : <PolicyHint />}
      {listError === undefined ? null : <FieldError id="columns" error={listError} />}
      <div>
        <Button
          size="small"
          id={addButtonId}
          aria-describedby={listError === undefined ? undefined : 'columns-error'}
          onClick={() => columns.append({ name: '', type: 'Text', path: '' })}
        >
          <Plus size={13} strokeWidth={2.2} aria-hidden /> Add column
        </Button>
      </div>
    </fieldset>
  );
}

function PolicyHint() {
  return (
    <p id={policyHintId} className="text-ink-3 text-sm">
      If a column cannot hold a value: “Store NULL” copies the document without the value and counts a coercion error,
      “Dead letter” keeps the document out of the cache, “Fail entity” stops copying the entity.
    </p>
  );
}

function ColumnHeads() {
  return (
    <div
      aria-hidden
      className="grid grid-cols-[minmax(0,1fr)_minmax(0,1.25fr)_6.4rem_3.2rem_6.9rem] gap-x-2 border-line border-b px-3 py-1.5 text-ink-3 text-sm max-sm:hidden"
    >
      <span>Column</span>
      <span>Path</span>
      <span>Type</span>
      <span className="text-end">Found</span>
    </div>
  );
}

/**
 * Focuses the first of the given ids that is an enabled button, after the render that shows the change made in the same
 * event. The ids are state and not a ref: an effect of an earlier render can still be due and would read a ref too soon.
 */
function useFocusNext(): (...ids: string[]) => void {
  const [wanted, setWanted] = useState<readonly string[]>([]);
  useEffect(() => {
    for (const id of wanted) {
      const element = document.getElementById(id);
      if (!(element instanceof HTMLButtonElement) || element.disabled) continue;
      element.focus();
      return;
    }
  }, [wanted]);
  return (...ids) => setWanted(ids);
}
