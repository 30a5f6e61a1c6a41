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

/** Says what an action does before it is done. Cancel has the focus; deleting asks for the entity's name. */
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
              <Trouble urgent error={error} title={`${actionTexts[action].name} was not started.`} />
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
                {isPending ? 'Asking the engine…' : actionTexts[action].name}
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
              `The whole of ${sourceName} is read again, ${formatEstimate(entity.documents)} documents.`,
            ],
            ['Readers', 'keep the present rows until the scan is complete; changes made meanwhile arrive at its end.'],
            ['At the end', 'rows whose documents are gone from MongoDB are deleted.'],
          ]}
        />
      );
    case 'rebuild':
      return (
        <Consequences
          facts={[
            ['What happens', 'A new file is built from the oplog beside the present one. MongoDB is not read.'],
            ['Readers', 'keep the present file until the new one is level, then the name db.sqlite leads to it.'],
            ['Disk', `needs room for a second file, ${formatBytes(fileBytes)} over ${plural(nodes.length, 'node')}.`],
          ]}
        />
      );
    case 'pause':
      return (
        <Consequences
          facts={[
            ['What happens', 'The caches of this entity stop taking changes.'],
            ['Readers', 'keep the rows of this moment, which grow old.'],
            ['Nothing is lost', 'The oplog goes on collecting changes; Resume applies them all.'],
          ]}
        />
      );
    case 'delete':
      return (
        <Consequences
          facts={[
            [
              'What goes',
              `${plural(nodes.length, 'cache')} (${formatBytes(fileBytes)}), the oplog entries, the definition.`,
            ],
            [
              'What stays',
              `${sourceName} in MongoDB is not touched. The same entity can be defined again; it is scanned anew.`,
            ],
            ['Readers', 'that open the file afterwards find none.'],
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
          Without it a refresh that would delete more than 20 % of the rows stops and asks.
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
