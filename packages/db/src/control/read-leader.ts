import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';

/** The leader according to the epoch row; null before the first leader and after one that stopped cleanly. */
export async function readLeader(database: Database): Promise<{ nodeId: string; epoch: number } | null> {
  const leader = await database.prisma.leader.findUnique({ where: { id: 1 } }).catch((error: unknown) => {
    throw toDatabaseError(error);
  });
  return leader?.nodeId == null ? null : { nodeId: leader.nodeId, epoch: leader.epoch };
}
