'use client';

import type { EntityView, IndexView } from '@emcachers/core/api-views';
import { indexColumnCountMax, indexName } from '@emcachers/core/cache-index';
import { type RefObject, useState } from 'react';
import { formatCount } from '../../format/numbers.ts';
import { Consequences } from '../actions/consequences.tsx';
import { Button } from '../ui/button.tsx';
import { DialogButtons, DialogFrame, DialogText, DialogTitle } from '../ui/dialog-frame.tsx';
import { Select } from '../ui/select.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { useSetIndexes } from './use-set-indexes.ts';

interface IndexDialogProps {
  readonly entity: EntityView;
  readonly onClose: () => void;
}

/** Asks for the columns of a new index and states what building it costs. */
export function AddIndexDialog({ entity, onClose }: IndexDialogProps) {
  return (
    <DialogFrame onClose={onClose}>
      {(cancel) => <AddIndexForm entity={entity} onClose={onClose} cancel={cancel} />}
    </DialogFrame>
  );
}

interface IndexFormProps extends IndexDialogProps {
  readonly cancel: RefObject<HTMLButtonElement | null>;
}

function AddIndexForm({ entity, onClose, cancel }: IndexFormProps) {
  const { set, isPending, error } = useSetIndexes(entity.entityName);
  const [columns, setColumns] = useState<readonly string[]>([]);
  const isDeclared = entity.indexes.some((index) => indexName(index) === indexName({ columns: [...columns] }));
  const isReady = columns.length > 0 && !isDeclared;
  const confirm = async () => {
    if (isReady && (await set([...entity.indexes, { columns: [...columns] }]))) onClose();
  };
  return (
    <>
      <DialogTitle>{`Add an index to ${entity.entityName}?`}</DialogTitle>
      <DialogText>
        <Consequences
          facts={[
            [
              'Build',
              `Each node indexes ${formatCount(entity.documents)} rows in its file, about a second for a million.`,
            ],
            ['Readers', 'Go on reading. Queries use the index as soon as it is ready.'],
            ['Changes', 'Wait on a node while it builds, then follow.'],
            ['Cost', 'The file grows, and each change writes the index too. No scan of MongoDB.'],
          ]}
        />
      </DialogText>
      <form
        className="grid gap-3.5"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        <ColumnSelects entity={entity} columns={columns} onChange={setColumns} />
        {isDeclared ? <p className="text-bad text-sm">The entity has this index already.</p> : null}
        {error === null ? null : <Trouble urgent error={error} title="Could not add the index." />}
        <DialogButtons cancel={cancel}>
          <Button type="submit" look="primary" disabled={!isReady || isPending}>
            {isPending ? 'Adding…' : 'Add index'}
          </Button>
        </DialogButtons>
      </form>
    </>
  );
}

interface ColumnSelectsProps {
  readonly entity: EntityView;
  readonly columns: readonly string[];
  readonly onChange: (columns: readonly string[]) => void;
}

/** One choice more than columns are chosen. Without a choice, the index ends there. */
function ColumnSelects({ entity, columns, onChange }: ColumnSelectsProps) {
  const places = Math.min(columns.length + 1, indexColumnCountMax, entity.columns.length);
  return (
    <div className="flex flex-wrap gap-2">
      {Array.from({ length: places }, (_, place) => {
        const before = columns.slice(0, place);
        const label = place === 0 ? 'Column' : `Then column ${place + 1}`;
        return (
          <Select
            key={label}
            aria-label={label}
            value={columns[place] ?? ''}
            onChange={({ target }) => onChange(target.value === '' ? before : [...before, target.value])}
          >
            <option value="">{place === 0 ? 'Choose a column' : 'No further column'}</option>
            {entity.columns
              .filter(({ name }) => !before.includes(name))
              .map(({ name }) => (
                <option key={name} value={name}>
                  {name}
                </option>
              ))}
          </Select>
        );
      })}
    </div>
  );
}

interface DropIndexDialogProps extends IndexDialogProps {
  readonly index: IndexView;
}

/** States what dropping an index means, before it happens. */
export function DropIndexDialog({ entity, index, onClose }: DropIndexDialogProps) {
  const { set, isPending, error } = useSetIndexes(entity.entityName);
  const others = entity.indexes.filter((each) => indexName(each) !== indexName(index));
  const confirm = async () => {
    if (await set(others)) onClose();
  };
  return (
    <DialogFrame onClose={onClose}>
      {(cancel) => (
        <>
          <DialogTitle>{`Drop the index on ${index.columns.join(', ')}?`}</DialogTitle>
          <DialogText>
            <Consequences
              facts={[
                ['Dropped', 'The index, in the file of each node.'],
                ['Kept', 'All rows. You can add the index again at any time.'],
                ['Readers', 'Queries that use the index read the whole table from then on.'],
              ]}
            />
          </DialogText>
          {error === null ? null : <Trouble urgent error={error} title="Could not drop the index." />}
          <DialogButtons cancel={cancel}>
            <Button look="danger" disabled={isPending} onClick={() => void confirm()}>
              {isPending ? 'Dropping…' : 'Drop index'}
            </Button>
          </DialogButtons>
        </>
      )}
    </DialogFrame>
  );
}
