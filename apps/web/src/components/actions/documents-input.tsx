'use client';

import { type ReactNode, useId } from 'react';
import { Select } from '../ui/select.tsx';
import { TextInput } from '../ui/text-input.tsx';
import type { DocumentsDraft } from './documents-draft.ts';
import type { ActionView } from './use-actions.ts';

interface DocumentsInputProps {
  readonly draft: DocumentsDraft;
  /** Undefined: the action asks for none. */
  readonly asks: ActionView['documents'];
  readonly onChange: (draft: DocumentsDraft) => void;
}

const ways = {
  ids: 'With these _ids',
  query: 'That match a query',
  since: 'Since a time',
} satisfies Readonly<Record<DocumentsDraft['by'], string>>;

/** Asks which documents an action concerns. */
export function DocumentsInput({ asks, draft, onChange }: DocumentsInputProps) {
  const id = useId();
  if (asks === undefined) return null;
  return (
    <div className="grid gap-2.5">
      {asks === 'ids' ? null : (
        <Labelled id={`${id}-by`} label="Which documents">
          <Select
            id={`${id}-by`}
            value={draft.by}
            onChange={(event) => onChange({ ...draft, by: wayOf(event.target.value) })}
          >
            {Object.entries(ways).map(([way, words]) => (
              <option key={way} value={way}>
                {words}
              </option>
            ))}
          </Select>
        </Labelled>
      )}
      {draft.by === 'since' ? (
        <SinceInputs id={id} draft={draft} onChange={onChange} />
      ) : (
        <TextArea id={id} draft={draft} onChange={onChange} />
      )}
    </div>
  );
}

function wayOf(value: string): DocumentsDraft['by'] {
  return value === 'query' || value === 'since' ? value : 'ids';
}

type PartProps = Omit<DocumentsInputProps, 'asks'> & { readonly id: string };

const hints = {
  ids: 'One in each line: the hex of an ObjectId, a text, or Extended JSON such as {"$uuid":"…"}. A number or true also means the text; write "7" for the text alone and {"$numberInt":"7"} for the number alone.',
  query: 'A MongoDB query in Extended JSON, for example {"status":"open"}.',
} as const;

function TextArea({ id, draft, onChange }: PartProps) {
  const by = draft.by === 'query' ? 'query' : 'ids';
  return (
    <Labelled id={id} label={by === 'query' ? 'Query' : '_ids'} hint={hints[by]}>
      <textarea
        id={id}
        aria-describedby={`${id}-hint`}
        rows={4}
        spellCheck={false}
        className="w-full min-w-0 rounded-control border border-field bg-panel px-2.5 py-1.5 font-mono text-[0.9rem] text-ink"
        value={draft.text}
        onChange={(event) => onChange({ ...draft, text: event.target.value })}
      />
    </Labelled>
  );
}

function SinceInputs({ id, draft, onChange }: PartProps) {
  return (
    <>
      <Labelled id={`${id}-since`} label="Time" hint="For example 2026-01-31T12:00:00Z.">
        <TextInput
          mono
          id={`${id}-since`}
          aria-describedby={`${id}-since-hint`}
          value={draft.since}
          onChange={(event) => onChange({ ...draft, since: event.target.value })}
        />
      </Labelled>
      <Labelled id={`${id}-field`} label="Date field" hint="Leave it empty to use the time in the ObjectId of _id.">
        <TextInput
          mono
          id={`${id}-field`}
          aria-describedby={`${id}-field-hint`}
          value={draft.field}
          onChange={(event) => onChange({ ...draft, field: event.target.value })}
        />
      </Labelled>
    </>
  );
}

interface LabelledProps {
  readonly id: string;
  readonly label: string;
  readonly hint?: string;
  readonly children: ReactNode;
}

function Labelled({ id, label, hint, children }: LabelledProps) {
  return (
    <div className="grid gap-1">
      <label htmlFor={id} className="font-[560]">
        {label}
      </label>
      {children}
      {hint === undefined ? null : (
        <p id={`${id}-hint`} className="text-ink-2 text-sm">
          {hint}
        </p>
      )}
    </div>
  );
}
