'use client';

import type { SampleView } from '@emcachers/core/api-views';
import { Plus } from 'lucide-react';
import { formatCount, formatShare } from '../../format/numbers.ts';
import type { EngineError } from '../../trpc/engine-error.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';

type SampledPath = SampleView['paths'][number];

interface PathSuggestionsProps {
  readonly sample: SampleView | undefined;
  readonly error: EngineError | null;
  readonly retry: () => void;
  /** Paths that already are columns. */
  readonly taken: ReadonlySet<string>;
  readonly onAdd: (paths: readonly SampledPath[]) => void;
}

/** Fields found in a sample of the collection, with frequency, type and an example. Clicking one adds a column. */
export function PathSuggestions({ sample, error, retry, taken, onAdd }: PathSuggestionsProps) {
  const open = sample?.paths.filter(({ path }) => !taken.has(path)) ?? [];
  const topLevel = open.filter(({ path }) => !path.includes('.') && path !== '_id');
  return (
    <Card
      title="Fields found"
      note={sample === undefined ? '' : `in ${formatCount(sample.sampled)} sampled documents`}
      aside={
        topLevel.length < 2 ? undefined : (
          <Button size="small" onClick={() => onAdd(topLevel)}>
            Add all top-level fields
          </Button>
        )
      }
      flush
    >
      {error === null ? null : (
        <div className="p-4">
          <Trouble error={error} title="Could not sample the collection." onRetry={retry} />
        </div>
      )}
      {sample === undefined && error === null ? <Placeholder /> : null}
      {sample !== undefined && open.length === 0 ? <NoSuggestions sample={sample} /> : null}
      <ul className="max-h-80 overflow-y-auto">
        {open.map((sampled) => (
          <Suggestion key={sampled.path} sampled={sampled} onAdd={() => onAdd([sampled])} />
        ))}
      </ul>
    </Card>
  );
}

function NoSuggestions({ sample }: { readonly sample: SampleView }) {
  return (
    <p className="px-4 py-4 text-ink-2">
      {sample.sampled === 0
        ? 'The collection has no documents yet. Enter the paths by hand.'
        : 'Every field found is already a column.'}
    </p>
  );
}

function Suggestion({ sampled, onAdd }: { readonly sampled: SampledPath; readonly onAdd: () => void }) {
  const { path, presence, types, example } = sampled;
  const kinds = types
    .map(({ type, share }) => (types.length === 1 ? type : `${type} ${formatShare(share)}`))
    .join(', ');
  return (
    <li className="border-line border-b last:border-b-0">
      <button
        type="button"
        onClick={onAdd}
        className="grid w-full grid-cols-[auto_minmax(0,1fr)_auto] items-baseline gap-x-2.5 px-4 py-1.5 text-start outline-offset-[-2px] hover:bg-sunken"
      >
        <Plus size={13} strokeWidth={2.2} aria-hidden className="self-center text-ink-3" />
        <span className="truncate">
          <span className="sr-only">Add </span>
          <code>{path}</code>
          {example === null ? null : <span className="ml-2 text-ink-3 text-sm">{example}</span>}
        </span>
        <span className="figures whitespace-nowrap text-ink-2 text-sm">
          {kinds} · {formatShare(presence)}
        </span>
      </button>
    </li>
  );
}

function Placeholder() {
  return (
    <div aria-busy className="grid gap-3 px-4 py-3">
      {['62%', '48%', '70%', '40%', '55%'].map((width) => (
        <Skeleton key={width} width={width} />
      ))}
    </div>
  );
}
