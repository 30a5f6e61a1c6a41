import type { MongoSource } from '../change-source/change-source.ts';
import type { ServerFacts } from '../change-source/change-source-types.ts';
import type { StreamPosition } from '../oplog/oplog-types.ts';

/**
 * Compares the history that a saved position belongs to with the one that MongoDB has now. Returns why they differ, in one
 * sentence, or null. To follow another history would leave the caches wrong for ever, without an error. What cannot be told (a
 * server that does not say its id, a change that its history no longer has) is no difference: the stream's own check remains.
 */
export async function historyDifference(
  source: Pick<MongoSource, 'operationTime' | 'findChange'>,
  { saved, server }: { readonly saved: StreamPosition; readonly server: ServerFacts },
  signal: AbortSignal,
): Promise<string | null> {
  const { changeToken = null } = saved;
  const difference = serverDifference(saved, { server, time: await source.operationTime() });
  if (difference !== null) return difference;
  if (changeToken === null || (await source.findChange(changeToken, signal)) !== 'absent') return null;
  return 'MongoDB does not have the newest change that the oplog has: it was restored, or it is a copy.';
}

/** As `historyDifference`, without a look into the history. */
export function serverDifference(
  { sourceId = null, clusterTime }: Pick<StreamPosition, 'sourceId' | 'clusterTime'>,
  { server, time }: { readonly server: ServerFacts; readonly time: bigint },
): string | null {
  if (sourceId !== null && server.sourceId !== null && sourceId !== server.sourceId)
    return `MONGO_URL names the server ${server.sourceId}, but the oplog was written from ${sourceId}.`;
  if (time >= clusterTime) return null;
  return `MongoDB is at time ${timeText(time)}, behind the position ${timeText(clusterTime)} of the oplog.`;
}

/** Seconds and increment, as MongoDB shows a timestamp. */
function timeText(clusterTime: bigint): string {
  return `${clusterTime >> 32n}:${clusterTime & 0xffff_ffffn}`;
}
