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

/** What the sample says against the draft: values that a type cannot keep, and paths that no document has. */
export function Refusals({ preview, columns, onUseAny }: RefusalsProps) {
  const byName = new Map(columns.map((column) => [column.name, column]));
  const refusing = preview.columns.filter(({ refused }) => refused > 0);
  const empty = preview.columns.filter(({ found }) => found === 0 && preview.sampled > 0);
  return (
    <>
      {refusing.map(({ name, refused }) => {
        const column = byName.get(name);
        if (column === undefined) return null;
        return (
          <Banner
            key={name}
            tone="warn"
            title={`${formatCount(refused)} of ${plural(preview.sampled, 'document')} ${refused === 1 ? 'holds' : 'hold'} a value in “${column.path}” that ${column.type} cannot keep.`}
            action={
              <Button size="small" onClick={() => onUseAny(name)}>
                Use Any<span className="sr-only"> for {name}</span>
              </Button>
            }
          >
            In the column {name} these become NULL and are counted. Any keeps every value as it is.
          </Banner>
        );
      })}
      {empty.length === 0 ? null : (
        <Banner
          tone="warn"
          title={`No sampled document has ${empty.length === 1 ? 'the path' : 'the paths'} ${empty.map(({ name }) => `“${byName.get(name)?.path ?? name}”`).join(', ')}.`}
        >
          {empty.length === 1 ? 'The column' : 'These columns'} will be NULL in every row unless other documents have
          it. A length is not a path: take the list itself as JSONB.
        </Banner>
      )}
    </>
  );
}
