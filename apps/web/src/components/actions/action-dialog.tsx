'use client';

import { type RefObject, useState } from 'react';
import { findEntity, useFleet } from '../../live/use-fleet.ts';
import { Button } from '../ui/button.tsx';
import { DialogButtons, DialogFrame, DialogText, DialogTitle } from '../ui/dialog-frame.tsx';
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
  const action = actions.find((each) => each.kind === kind);
  return (
    <DialogFrame onClose={onClose}>
      {(cancel) =>
        action === undefined ? (
          <>
            <DialogTitle>Loading…</DialogTitle>
            {error === null ? null : <Trouble urgent error={error} title="Could not load this action." />}
            <DialogButtons cancel={cancel} />
          </>
        ) : (
          <ActionForm
            action={action}
            entityName={entityName}
            {...(docIds === undefined ? {} : { docIds })}
            cancel={cancel}
            onDone={onClose}
          />
        )
      }
    </DialogFrame>
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
        <DialogButtons cancel={cancel}>
          <Button type="submit" look={action.isFinal ? 'danger' : 'primary'} disabled={!isConfirmed || isPending}>
            {isPending ? 'Starting…' : action.title}
          </Button>
        </DialogButtons>
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
    <DialogText>
      {facts === null ? null : (
        <Consequences facts={action.consequences.map(({ term, text }) => [term, fillFacts(text, facts)])} />
      )}
    </DialogText>
  );
}
