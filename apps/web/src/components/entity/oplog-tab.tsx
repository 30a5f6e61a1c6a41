'use client';

import type { OplogEntryView } from '@emcachers/core/api-views';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight } from 'lucide-react';
import { parseAsInteger, useQueryStates } from 'nuqs';
import { useState } from 'react';
import { indentJson } from '../../format/json-text.ts';
import { formatCount } from '../../format/numbers.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { CopyButton } from '../ui/copy-button.tsx';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { PageBar } from '../ui/page-bar.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { useHeld } from './use-held.ts';

const entriesMax = 25;
const parsers = { before: parseAsInteger, entry: parseAsInteger };

/** The newest oplog entries, in the order in which the caches apply them. */
export function OplogTab({ entityName }: { readonly entityName: string }) {
  const trpc = useTRPC();
  const [{ before, entry }, setPlace] = useQueryStates(parsers);
  const [trail, setTrail] = useState<readonly (number | null)[]>([]);
  const input = { entityName, limit: entriesMax, ...(before === null ? {} : { before }) };
  const answer = useQuery(trpc.entities.oplog.queryOptions(input, { placeholderData: keepPreviousData }));
  const { shown, isHeld, handlers } = useHeld({ newest: answer.data, name: `${before}`, isPinned: entry !== null });
  const go = (next: number | null, nextTrail: readonly (number | null)[]) => {
    setTrail(nextTrail);
    void setPlace({ before: next, entry: null }, { history: 'push' });
  };
  const previous = trail.at(-1);
  const next = shown?.next ?? null;
  if (answer.error !== null && answer.data === undefined)
    return (
      <Trouble
        error={engineErrorOf(answer.error)}
        title="Could not read the oplog."
        onRetry={() => void answer.refetch()}
      />
    );
  return (
    <Card title="Oplog" note="newest first" aside={<Following before={before} isHeld={isHeld} />} flush>
      {shown?.entries.length === 0 ? (
        <p className="px-4 py-10 text-center text-ink-2">No entries yet. The first scan appends the first entries.</p>
      ) : (
        <div {...handlers}>
          <DataTable
            caption={`Oplog entries of ${entityName}`}
            compact
            rows={shown?.entries}
            rowKey={(row) => String(row.id)}
            placeholderRows={10}
            columns={columnsFor(entry, (id) => void setPlace({ entry: id }))}
            expansion={(row) => (row.id === entry ? <Payload entry={row} /> : null)}
          />
        </div>
      )}
      <PageBar
        onFirst={before === null ? null : () => go(null, [])}
        onPrevious={previous === undefined ? null : () => go(previous, trail.slice(0, -1))}
        onNext={next === null ? null : () => go(next, [...trail, before])}
      />
    </Card>
  );
}

function Following({ before, isHeld }: { readonly before: number | null; readonly isHeld: boolean }) {
  if (before !== null) return `Entries before ${formatCount(before)}`;
  return isHeld ? 'Updates paused while you point here' : 'New entries appear automatically';
}

function columnsFor(opened: number | null, open: (id: number | null) => void): TableColumn<OplogEntryView>[] {
  return [
    { id: 'id', label: 'Entry', end: true, width: '8rem', cell: (entry) => formatCount(entry.id) },
    { id: 'operation', label: 'Operation', width: '8rem', cell: (entry) => entry.operation },
    {
      id: 'document',
      label: 'Document',
      stack: 'title',
      cell: (entry) => <code className="block max-w-[26rem] truncate">{entry.docId}</code>,
    },
    { id: 'version', label: 'Version', end: true, width: '5rem', cell: (entry) => formatCount(entry.version) },
    {
      id: 'appended',
      label: 'Appended',
      end: true,
      stack: 'wide',
      width: '12rem',
      cell: (entry) => <Moment at={entry.createdAt} show="precise" />,
    },
    {
      id: 'row',
      label: 'Row',
      isLabelHidden: true,
      end: true,
      stack: 'wide',
      width: '7rem',
      cell: (entry) => <OpenButton entry={entry} isOpen={entry.id === opened} open={open} />,
    },
  ];
}

interface OpenButtonProps {
  readonly entry: OplogEntryView;
  readonly isOpen: boolean;
  readonly open: (id: number | null) => void;
}

function OpenButton({ entry, isOpen, open }: OpenButtonProps) {
  if (entry.preview === null) return <span className="text-ink-3 text-sm">no row</span>;
  const Icon = isOpen ? ChevronDown : ChevronRight;
  return (
    <Button size="small" look="quiet" aria-expanded={isOpen} onClick={() => open(isOpen ? null : entry.id)}>
      <Icon size={14} aria-hidden />
      Row <span className="sr-only">of entry {entry.id}</span>
    </Button>
  );
}

function Payload({ entry }: { readonly entry: OplogEntryView }) {
  if (entry.preview === null) return null;
  return (
    <div className="flex items-start gap-2 py-1">
      <pre className="min-w-0 flex-1 overflow-x-auto whitespace-pre-wrap break-all text-[0.86rem] leading-relaxed">
        {indentJson(entry.preview)}
        {entry.previewCut ? '\n… cut at 2 kB' : ''}
      </pre>
      <CopyButton text={entry.preview} label="Copy the row as JSON" />
    </div>
  );
}
