import { type Document, deserialize } from 'bson';
import { planScan } from '../cursor/scan-plan.ts';
import type { CompiledFilter } from '../query/filter.ts';
import type { Collection } from '../storage/catalog.ts';
import { viewOf } from '../storage/collection-options.ts';
import type { ScanPlan } from '../storage/document-access.ts';
import type { IndexPlan } from '../storage/index-plan.ts';
import type { SortChoice } from './find-options.ts';

/** What a command reads: every match of the filter, in the order of the choice. */
export interface ExplainedRead {
  readonly filter: CompiledFilter;
  readonly choice: SortChoice;
}

/** `winningPlan` with the names that mongod gives to its stages; UNKNOWN for what is not one scan of one collection. */
export function winningPlan(collection: Collection | undefined, read: ExplainedRead | null): Document {
  if (collection === undefined) return { stage: 'EOF' };
  if (read === null || viewOf(collection) !== null) return { stage: 'UNKNOWN' };
  const { filter, choice } = read;
  const scan = scanStage(planScan(collection, filter, { order: choice.order }));
  return choice.sort === null ? scan : { stage: 'SORT', inputStage: scan };
}

function scanStage(plan: ScanPlan): Document {
  const direction = plan.isDescending ? 'backward' : 'forward';
  if (plan.keys !== null && plan.keys.length <= 1) return { stage: 'IDHACK' };
  if (plan.index != null) return { stage: 'FETCH', inputStage: indexStage(plan.index) };
  if (plan.range === null && plan.keys === null) return { stage: 'COLLSCAN', direction };
  return {
    stage: 'FETCH',
    inputStage: { stage: 'IXSCAN', keyPattern: { _id: 1 }, indexName: '_id_', isUnique: true, direction },
  };
}

/** The direction is that of the index itself, whose keys may descend. */
function indexStage({ index, isDescending }: IndexPlan): Document {
  const keyPattern: Document = deserialize(index.keyPattern);
  const [first] = Object.values(keyPattern);
  const isForward = isDescending === (Number(first) === -1);
  return {
    stage: 'IXSCAN',
    keyPattern,
    indexName: index.name,
    isMultiKey: index.state.isMultikey,
    isUnique: index.isUnique,
    isSparse: index.isSparse,
    isPartial: index.partial !== null,
    direction: isForward ? 'forward' : 'backward',
  };
}
