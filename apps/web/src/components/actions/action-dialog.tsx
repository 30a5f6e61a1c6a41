'use client';

import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { EntityView } from '@emcachers/core/api-views';
import { type ReactNode, useId, useRef, useState } from 'react';
import { formatBytes, formatEstimate, plural } from '../../format/numbers.ts';
import { findEntity, useFleet } from '../../live/use-fleet.ts';
import { Button, buttonClasses } from '../ui/button.tsx';
import { TextInput } from '../ui/text-input.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { actionTexts, type EntityAction } from './action-texts.ts';
import { Consequences } from './consequences.tsx';
import { useEntityAction } from './use-entity-action.ts';

export type ConfirmedAction = Exclude<EntityAction, 'resume'>;

interface ActionDialogProps {
  readonly action: ConfirmedAction;
  readonly entityName: string;
  readonly onClose: () => void;
}

/** Asks for confirmation and states the consequences. Cancel has the focus; Delete requires typing the entity's name. */
export function ActionDialog({ action, entityName, onClose }: ActionDialogProps) {
  const entity = findEntity(useFleet().fleet, entityName);
  const cancel = useRef<HTMLButtonElement>(null);
  const { start, isPending, error } = useEntityAction();
  const [typed, setTyped] = useState('');
  const [allowLargeSweep, setAllowLargeSweep] = useState(false);
  const isConfirmed = action !== 'delete' || typed === entityName;
  const confirm = async () => {
    if (isConfirmed && (await start({ action, entityName, allowLargeSweep }))) onClose();
  };
  return (
    <AlertDialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(0_0_0/0.4)]" />
        <AlertDialog.Popup
          initialFocus={cancel}
          className="-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-30 grid max-h-[92dvh] w-[min(33rem,calc(100vw-2rem))] gap-3.5 overflow-y-auto rounded-[10px] border border-line-strong bg-panel p-5 shadow-float"
        >
          <AlertDialog.Title className="font-[620] text-[1.15rem]">{titleOf(action, entityName)}</AlertDialog.Title>
          <AlertDialog.Description render={<div />} className="grid gap-3 text-ink-2">
            {entity === null || entity === undefined ? null : bodyOf(action, entity)}
          </AlertDialog.Description>
          <form
            className="grid gap-3.5"
            onSubmit={(event) => {
              event.preventDefault();
              void confirm();
            }}
          >
            {action === 'refresh' ? <LargeSweep checked={allowLargeSweep} onChange={setAllowLargeSweep} /> : null}
            {action === 'delete' ? <TypedName entityName={entityName} typed={typed} onType={setTyped} /> : null}
            {error === null ? null : (
              <Trouble urgent error={error} title={`Could not start: ${actionTexts[action].name}.`} />
            )}
            <div className="flex flex-wrap justify-end gap-2">
              <AlertDialog.Close ref={cancel} className={buttonClasses()}>
                Cancel
              </AlertDialog.Close>
              <Button
                type="submit"
                look={action === 'delete' ? 'danger' : 'primary'}
                disabled={!isConfirmed || isPending}
              >
                {isPending ? 'Starting…' : actionTexts[action].name}
              </Button>
            </div>
          </form>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

function titleOf(action: ConfirmedAction, entityName: string): string {
  switch (action) {
    case 'refresh':
      return `Refresh ${entityName} from source?`;
    case 'rebuild':
      return `Rebuild the cache of ${entityName}?`;
    case 'pause':
      return `Pause ${entityName}?`;
    case 'delete':
      return `Delete ${entityName}?`;
  }
}

function bodyOf(action: ConfirmedAction, entity: EntityView): ReactNode {
  const { sourceName, nodes } = entity;
  const fileBytes = nodes.reduce((sum, node) => sum + (node.fileBytes ?? 0), 0);
  switch (action) {
    case 'refresh':
      return (
        <Consequences
          facts={[
            [
              'What happens',
              `The engine reads all of ${sourceName} again, ${formatEstimate(entity.documents)} documents.`,
            ],
            [
              'Readers',
              'see the current rows until the scan is complete, then the new rows with all changes made meanwhile.',
            ],
            ['At the end', 'Rows whose documents no longer exist in MongoDB are deleted.'],
          ]}
        />
      );
    case 'rebuild':
      return (
        <Consequences
          facts={[
            ['What happens', 'The engine builds a new cache file from the oplog. It does not read MongoDB.'],
            ['Readers', 'use the current file until the new one has caught up; then db.sqlite points to the new file.'],
            [
              'Disk',
              `needs space for a second file, about ${formatBytes(fileBytes)} in total on ${plural(nodes.length, 'node')}.`,
            ],
          ]}
        />
      );
    case 'pause':
      return (
        <Consequences
          facts={[
            ['What happens', 'The caches of this entity stop applying changes.'],
            ['Readers', 'see the rows as they are now; these go out of date.'],
            ['Changes', 'are still stored in the oplog. Resume applies all of them.'],
          ]}
        />
      );
    case 'delete':
      return (
        <Consequences
          facts={[
            [
              'Deleted',
              `${plural(nodes.length, 'cache')} (${formatBytes(fileBytes)}), the oplog entries and the definition.`,
            ],
            [
              'Kept',
              `${sourceName} in MongoDB. If you create the same entity again, the engine scans the collection again.`,
            ],
            ['Readers', 'can no longer open the cache file.'],
          ]}
        />
      );
  }
}

interface LargeSweepProps {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}

function LargeSweep({ checked, onChange }: LargeSweepProps) {
  return (
    <label className="flex items-start gap-2.5">
      <input
        type="checkbox"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
        className="mt-[3px] size-4 accent-accent"
      />
      <span>
        Allow large deletions
        <span className="block text-ink-2 text-sm">
          If cleared, a refresh that would delete more than 20 % of the rows stops without deleting any.
        </span>
      </span>
    </label>
  );
}

interface TypedNameProps {
  readonly entityName: string;
  readonly typed: string;
  readonly onType: (typed: string) => void;
}

function TypedName({ entityName, typed, onType }: TypedNameProps) {
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
