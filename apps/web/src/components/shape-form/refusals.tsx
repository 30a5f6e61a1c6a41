'use client';

import type { PreviewView } from '@emcachers/core/api-views';
import type { Column } from '@emcachers/core/shape';
import { formatCount, plural } from '../../format/numbers.ts';
import { Banner } from '../ui/banner.tsx';
import { Button } from '../ui/button.tsx';

interface RefusalsProps {
  readonly preview: PreviewView;
  readonly columns: readonly Column[];
  readonly onUseAny: (columnName: string) => void;
}

/** Warnings from the sample: values that do not fit their column's type, and paths that no document has. */
export function Refusals({ preview, columns, onUseAny }: RefusalsProps) {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const refusing = preview.columns.filter(({ refused }) => refused > 0);
  const empty = preview.columns.filter(({ found }) => found === 0 && preview.matched > 0);
  return (
    <>
      {refusing.map(({ name, refused, refusedDocIds }) => {
        const column = byName.get(name);
        if (column === undefined) return null;
        return (
          <Banner
            key={name}
            tone="warn"
            title={`In ${formatCount(refused)} of ${plural(preview.matched, 'document')}, the value of “${column.path}” does not fit the type ${column.type}.`}
            action={
              <Button size="small" onClick={() => onUseAny(name)}>
                Use Any <span className="sr-only">for {name}</span>
              </Button>
            }
          >
            Such values are stored as NULL in the column {name} and counted as errors. The type Any stores every value
            unchanged.
            <p>
              For example:{' '}
              {refusedDocIds.map((docId) => (
                <code key={docId} className="mr-2 break-all">
                  {docId}
                </code>
              ))}
            </p>
          </Banner>
        );
      })}
      {empty.length === 0 ? null : (
        <Banner
          tone="warn"
          title={`No sampled document has ${empty.length === 1 ? 'the path' : 'the paths'} ${empty.map(({ name }) => `“${byName.get(name)?.path ?? name}”`).join(', ')}.`}
        >
          {empty.length === 1 ? 'The column is' : 'These columns are'} NULL in every row until a document has the path.
          Array lengths are not supported; copy the whole array as JSONB instead.
        </Banner>
      )}
    </>
  );
}
