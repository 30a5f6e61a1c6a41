/**
 * The aggregation that makes the one change stream of an engine, as a function of the collections to follow.
 *
 * - `$match` names collections by `ns.db` and `ns.coll` apart: `ns: { $in: [{ db, coll }] }` is slower (SERVER-114532), and
 *   the name of a collection alone would let another database's namesake in. It looks at `ns` and the operation's type
 *   only: a condition on `fullDocument` would hide every delete.
 * - Drops and renames pass whatever their namespace: a rename onto a followed collection carries the other one's name, and
 *   dropDatabase has no collection at all.
 * - `$project` leaves out `updateDescription`, which repeats the changed fields and can push an event above 16 MB, and what
 *   else nobody reads. `$changeStreamSplitLargeEvent` must be the last stage.
 */
import { createHash } from 'node:crypto';
import type { Namespace } from './change-source-types.ts';

type Stage = Readonly<Record<string, unknown>>;

/** Passed for every namespace; see `change-event.ts` for what each leads to. */
const namespaceEventTypes = ['drop', 'rename', 'dropDatabase', 'invalidate'] as const;

export interface StreamPipeline {
  /** The stages after `$changeStream`. */
  readonly stages: readonly Stage[];
  /** Equal exactly when the stages are: tells whether the stream must be opened again. */
  readonly hash: string;
}

/** The order and the repetition of `namespaces` make no difference to the outcome. */
export function streamPipeline(namespaces: readonly Namespace[]): StreamPipeline {
  const collections = new Map<string, Set<string>>();
  for (const { database, collection } of namespaces) {
    const names = collections.get(database) ?? new Set();
    collections.set(database, names.add(collection));
  }
  const followed = [...collections.keys()].sort().map((database) => ({
    'ns.db': database,
    'ns.coll': { $in: [...(collections.get(database) ?? [])].sort() },
  }));
  const stages: Stage[] = [
    { $match: { $or: [...followed, { operationType: { $in: [...namespaceEventTypes] } }] } },
    { $project: { updateDescription: 0, fullDocumentBeforeChange: 0, lsid: 0, txnNumber: 0 } },
    { $changeStreamSplitLargeEvent: {} },
  ];
  return { stages, hash: createHash('sha256').update(JSON.stringify(stages)).digest('hex') };
}
