import type { EntityView } from '@emcachers/core/api-views';
import type { Column } from '../output/table.ts';
import { countText, durationText } from '../output/words.ts';

/** What a list of entities shows. */
export const entityColumns: readonly Column<EntityView>[] = [
  { heading: 'entity', cell: ({ entityName }) => entityName },
  { heading: 'health', cell: ({ health }) => health },
  { heading: 'state', cell: ({ activity }) => activity },
  { heading: 'source', cell: ({ sourceName }) => sourceName },
  { heading: 'rows', cell: ({ documents }) => countText(documents), end: true },
  { heading: 'lag', cell: ({ lagMs }) => durationText(lagMs), end: true },
  { heading: 'offset', cell: ({ offset }) => offset, end: true },
  { heading: 'dead', cell: ({ deadLetters }) => countText(deadLetters), end: true },
  { heading: 'reason', cell: ({ reason }) => reason },
];
