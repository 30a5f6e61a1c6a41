'use client';

import type { PreviewView } from '@emcachers/core/api-views';
import type { Column } from '@emcachers/core/shape';
import { formatCount } from '../../format/numbers.ts';
import { Banner } from '../ui/banner.tsx';
import { Button } from '../ui/button.tsx';

interface RefusalsProps {
  readonly preview: PreviewView;
  readonly columns: readonly Column[];
  readonly onUseAny: (columnName: string) => void;
}

/** Columns whose type cannot hold every sampled value, and columns that no document has. */
export function Refusals({ preview, columns, onUseAny }: RefusalsProps) {
  const typeOf = new Map(columns.map((column) => [column.name, column]));
  return preview.columns.map(({ name, found, refused }) => {
    const column = typeOf.get(name);
    if (column === undefined) return null;
    if (refused > 0)
      return (
        <Banner
          key={name}
          tone="warn"
          title={`${formatCount(refused)} of ${formatCount(preview.sampled)} documents hold a value in “${column.path}” that ${column.type} cannot keep.`}
          action={
            <Button size="small" onClick={() => onUseAny(name)}>
              Use Any
            </Button>
          }
        >
          In “{name}” these become NULL and are counted. Any keeps every value as it is.
        </Banner>
      );
    if (found === 0 && preview.sampled > 0)
      return (
        <Banner key={name} tone="warn" title={`No sampled document has the path “${column.path}”.`}>
          “{name}” will be NULL in every row unless other documents have it. A length is not a path: take the list
          itself as JSONB.
        </Banner>
      );
    return null;
  });
}
