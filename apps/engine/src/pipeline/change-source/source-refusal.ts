import type { CollectionFacts } from './change-source-types.ts';

/** Why a collection of this kind cannot be followed; null if it can. Total, so that a new kind must be decided on. */
const reasons: Readonly<Record<CollectionFacts['kind'], string | null>> = {
  collection: null,
  view: 'is a view, which has no change stream. Copy the collection that it reads',
  timeseries: 'is a time series collection, which has no change stream',
  capped: 'is a capped collection: MongoDB removes its oldest documents without change events',
};

/** One sentence for the operator, or null if the source can be followed. A collection that does not exist yet can. */
export function refusalOfSource(sourceName: string, facts: CollectionFacts | null): string | null {
  const reason = facts === null ? null : reasons[facts.kind];
  return reason === null ? null : `${sourceName} ${reason}.`;
}
