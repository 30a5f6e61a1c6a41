'use client';

import { Combobox } from '@base-ui/react/combobox';
import type { SourceCollectionView } from '@emcachers/core/api-views';
import { sourceNameSchema } from '@emcachers/core/shape';
import { ChevronDown, Search } from 'lucide-react';
import { useState } from 'react';
import { formatEstimate } from '../../format/numbers.ts';
import { describedBy, Field } from './field.tsx';

interface SourceFieldProps {
  readonly sources: readonly SourceCollectionView[] | undefined;
  readonly value: string;
  readonly onChange: (sourceName: string) => void;
  /** The form gives it the focus if it is the first field that is wrong. */
  readonly focusRef: (element: HTMLButtonElement | null) => void;
  readonly error: string | undefined;
}

const id = 'source-name';

/** Selects the collection to copy. The operator can also type the name of one that does not exist yet. */
export function SourceField({ sources, value, onChange, focusRef, error }: SourceFieldProps) {
  const [typed, setTyped] = useState('');
  const known = new Map(sources?.map((source) => [source.sourceName, source]));
  const names = [...known.keys()];
  const isNew = typed !== '' && !known.has(typed) && sourceNameSchema.safeParse(typed).success;
  const items = isNew ? [...names, typed] : names;
  return (
    <Field id={id} label="Source collection" error={error} hint={hintOf(known.get(value))}>
      <Combobox.Root
        items={items}
        value={value === '' ? null : value}
        onValueChange={(name: string | null) => onChange(name ?? '')}
        inputValue={typed}
        onInputValueChange={setTyped}
        autoHighlight
      >
        <Combobox.Trigger
          id={id}
          ref={focusRef}
          className="flex h-[34px] w-full min-w-0 items-center gap-2 rounded-control border border-field bg-panel px-2.5 text-start aria-invalid:border-bad"
          {...describedBy(id, error)}
        >
          {value === '' ? (
            <span className="flex-1 text-ink-3">Choose a collection</span>
          ) : (
            <span className="min-w-0 flex-1 truncate font-mono text-[0.9rem]">{value}</span>
          )}
          <ChevronDown size={15} aria-hidden className="shrink-0 text-ink-3" />
        </Combobox.Trigger>
        <Combobox.Portal>
          <Combobox.Positioner sideOffset={4} className="z-30 w-(--anchor-width) min-w-64 outline-none">
            <Combobox.Popup
              aria-label="Collections"
              className="rounded-card border border-line-strong bg-panel shadow-float"
            >
              <div className="flex items-center gap-2 border-line border-b px-3">
                <Search size={14} aria-hidden className="shrink-0 text-ink-3" />
                <Combobox.Input
                  aria-label="Find a collection"
                  placeholder="Search, or type database.collection"
                  spellCheck={false}
                  className="h-9 w-full min-w-0 bg-transparent font-mono text-[0.9rem] outline-none placeholder:font-sans placeholder:text-ink-3"
                />
              </div>
              <Combobox.Empty className="px-3 py-2 text-ink-2 empty:hidden">
                {sources === undefined ? 'Loading collections…' : 'No matching collection.'}
              </Combobox.Empty>
              <Combobox.List className="max-h-64 overflow-y-auto p-1 empty:hidden">
                {(name: string) => (
                  <Combobox.Item
                    key={name}
                    value={name}
                    className="flex min-h-8 items-center gap-3 rounded-[4px] px-2.5 py-1 data-highlighted:bg-sunken data-selected:font-[600]"
                  >
                    <span className="min-w-0 flex-1 truncate font-mono text-[0.9rem]">{name}</span>
                    <SourceNote source={known.get(name)} />
                  </Combobox.Item>
                )}
              </Combobox.List>
            </Combobox.Popup>
          </Combobox.Positioner>
        </Combobox.Portal>
      </Combobox.Root>
    </Field>
  );
}

function SourceNote({ source }: { readonly source: SourceCollectionView | undefined }) {
  if (source === undefined) return <span className="text-ink-3 text-sm">does not exist yet</span>;
  const copies = source.entities.length === 0 ? '' : ' · already copied';
  return (
    <span className="figures whitespace-nowrap text-ink-3 text-sm">
      {formatEstimate(source.estimatedDocuments)}
      {copies}
    </span>
  );
}

function hintOf(source: SourceCollectionView | undefined): string {
  if (source === undefined) return 'EMCachers reads this collection and never writes to it.';
  const documents = `${formatEstimate(source.estimatedDocuments)} documents. EMCachers never writes to this collection.`;
  return source.entities.length === 0 ? documents : `${documents} Already copied as ${source.entities.join(', ')}.`;
}
