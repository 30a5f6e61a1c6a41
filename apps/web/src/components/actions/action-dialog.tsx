'use client';

import { AlertDialog } from '@base-ui/react/alert-dialog';
import { type ReactNode, type RefObject, useRef, useState } from 'react';
import { findEntity, useFleet } from '../../live/use-fleet.ts';
import { Button, buttonClasses } from '../ui/button.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { ActionOption, TypedName } from './action-inputs.tsx';
import { Consequences } from './consequences.tsx';
import { type DocumentsDraft, emptyDocuments, selectedDocuments } from './documents-draft.ts';
import { DocumentsInput } from './documents-input.tsx';
import { deadLettersText, factsOf, fillFacts } from './fill-facts.ts';
import { type ActionKind, type ActionView, useActions } from './use-actions.ts';
import { type ActionRequest, useEntityAction } from './use-entity-action.ts';

interface ActionDialogProps {
  readonly kind: ActionKind;
  readonly entityName: string;
  /** The documents that the action concerns; absent: all of them. */
  readonly docIds?: readonly string[];
  readonly onClose: () => void;
}

/** Asks for confirmation and states the consequences. Cancel has the focus; a final action requires typing the entity's name. */
export function ActionDialog({ kind, entityName, docIds, onClose }: ActionDialogProps) {
  const { actions, error } = useActions();
  const cancel = useRef<HTMLButtonElement>(null);
  const action = actions.find((each) => each.kind === kind);
  return (
    <AlertDialog.Root open onOpenChange={(open) => (open ? undefined : onClose())}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className="fixed inset-0 z-30 bg-[rgb(0_0_0/0.4)]" />
        <AlertDialog.Popup
          initialFocus={cancel}
          className="-translate-x-1/2 -translate-y-1/2 fixed top-1/2 left-1/2 z-30 grid max-h-[92dvh] w-[min(33rem,calc(100vw-2rem))] gap-3.5 overflow-y-auto rounded-[10px] border border-line-strong bg-panel p-5 shadow-float"
        >
          {action === undefined ? (
            <>
              <DialogTitle>Loading…</DialogTitle>
              {error === null ? null : <Trouble urgent error={error} title="Could not load this action." />}
              <Buttons cancel={cancel} />
            </>
          ) : (
            <ActionForm
              action={action}
              entityName={entityName}
              {...(docIds === undefined ? {} : { docIds })}
              cancel={cancel}
              onDone={onClose}
            />
          )}
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

interface ActionFormProps extends Pick<ActionDialogProps, 'entityName' | 'docIds'> {
  readonly action: ActionView;
  readonly cancel: RefObject<HTMLButtonElement | null>;
  readonly onDone: () => void;
}

function ActionForm({ action, entityName, docIds, cancel, onDone }: ActionFormProps) {
  const { start, isPending, error } = useEntityAction();
  const [typed, setTyped] = useState('');
  const [draft, setDraft] = useState(emptyDocuments);
  const [options, setOptions] = useState<Readonly<Record<string, boolean>>>({});
  const asksName = action.confirmation === 'typed-name';
  const named = chosenDocuments(action, draft, docIds);
  const isConfirmed = (!asksName || typed === entityName) && named !== null;
  const chosen = Object.fromEntries(action.options.map(({ name }) => [name, options[name] === true]));
  const confirm = async () => {
    if (isConfirmed && (await start({ action: action.kind, entityName, options: chosen, ...named }))) onDone();
  };
  return (
    <>
      <DialogTitle>{fillFacts(action.question, { entityName })}</DialogTitle>
      <ActionConsequences action={action} entityName={entityName} {...(docIds === undefined ? {} : { docIds })} />
      <form
        className="grid gap-3.5"
        onSubmit={(event) => {
          event.preventDefault();
          void confirm();
        }}
      >
        {action.options.map((option) => (
          <ActionOption
            key={option.name}
            option={option}
            checked={options[option.name] === true}
            onChange={(checked) => setOptions({ ...options, [option.name]: checked })}
          />
        ))}
        <DocumentsInput asks={action.documents} draft={draft} onChange={setDraft} />
        {asksName ? <TypedName entityName={entityName} typed={typed} onType={setTyped} /> : null}
        {error === null ? null : <Trouble urgent error={error} title={`Could not start: ${action.title}.`} />}
        <Buttons cancel={cancel}>
          <Button type="submit" look={action.isFinal ? 'danger' : 'primary'} disabled={!isConfirmed || isPending}>
            {isPending ? 'Starting…' : action.title}
          </Button>
        </Buttons>
      </form>
    </>
  );
}

/** Null until the operator has named the documents that the action asks for. */
function chosenDocuments(
  action: ActionView,
  draft: DocumentsDraft,
  docIds: readonly string[] | undefined,
): Pick<ActionRequest, 'docIds' | 'documents'> | null {
  if (action.documents === undefined) return docIds === undefined ? {} : { docIds };
  const documents = selectedDocuments(draft);
  return documents === null ? null : { documents };
}

function ActionConsequences({ action, entityName, docIds }: Pick<ActionFormProps, 'action' | 'entityName' | 'docIds'>) {
  const entity = findEntity(useFleet().fleet, entityName);
  const chosen = docIds === undefined ? {} : { letters: deadLettersText(docIds.length) };
  const facts = entity === null || entity === undefined ? null : { ...factsOf(entity), ...chosen };
  return (
    <AlertDialog.Description render={<div />} className="grid gap-3 text-ink-2">
      {facts === null ? null : (
        <Consequences facts={action.consequences.map(({ term, text }) => [term, fillFacts(text, facts)])} />
      )}
    </AlertDialog.Description>
  );
}

function DialogTitle({ children }: { readonly children: string }) {
  return <AlertDialog.Title className="font-[620] text-[1.15rem]">{children}</AlertDialog.Title>;
}

function Buttons({ cancel, children }: Pick<ActionFormProps, 'cancel'> & { readonly children?: ReactNode }) {
  return (
    <div className="flex flex-wrap justify-end gap-2">
      <AlertDialog.Close ref={cancel} className={buttonClasses()}>
        Cancel
      </AlertDialog.Close>
      {children}
    </div>
  );
}
