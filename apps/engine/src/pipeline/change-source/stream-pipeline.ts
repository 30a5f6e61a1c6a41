/**
 * Builds the aggregation pipeline of the engine's change stream from the collections to follow.
 *
 * - `$match` compares `ns.db` and `ns.coll` separately: `ns: { $in: [{ db, coll }] }` is slower (SERVER-114532), and matching
 *   the collection name alone would admit a collection of the same name in another database. It tests only `ns` and the
 *   operation type: a condition on `fullDocument` would hide every delete.
 * - Drops and renames pass regardless of namespace: a rename onto a followed collection carries the other collection's name,
 *   and dropDatabase has no collection.
 * - `$project` removes `updateDescription`, which repeats the changed fields and can push an event above 16 MB, and every
 *   other unused field. `$changeStreamSplitLargeEvent` must be the last stage.
 */
import { createHash } from 'node:crypto';
import type { Namespace } from './change-source-types.ts';

type Stage = Readonly<Record<string, unknown>>;

/** Operation types that pass for every namespace. `change-event.ts` defines what each one causes. */
const namespaceEventTypes = ['drop', 'rename', 'dropDatabase', 'invalidate'] as const;

export interface StreamPipeline {
  /** The stages after `$changeStream`. */
  readonly stages: readonly Stage[];
  /** Equal if and only if the stages are equal. A different hash means that the stream must be reopened. */
  readonly hash: string;
}

/** The order and duplicates of `namespaces` do not affect the result. */
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
  return pipelineOf({ $or: [...followed, { operationType: { $in: [...namespaceEventTypes] } }] });
}

/** Lets every change of every collection through, with the same tokens as `streamPipeline`, also those of split events. */
export function everyChangePipeline(): StreamPipeline {
  return pipelineOf({});
}

function pipelineOf(match: Stage): StreamPipeline {
  const stages: Stage[] = [
    { $match: match },
    { $project: { updateDescription: 0, fullDocumentBeforeChange: 0 } },
    { $changeStreamSplitLargeEvent: {} },
  ];
  return { stages, hash: createHash('sha256').update(JSON.stringify(stages)).digest('hex') };
}
