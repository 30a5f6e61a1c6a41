import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';

/** A stored dead letter without its document. Times are in milliseconds since 1970. */
export interface DeadLetterRecord {
  readonly docId: string;
  readonly errorCode: string;
  readonly reason: string;
  /** How many times the document was refused. */
  readonly attempts: number;
  readonly createdAtMs: number;
}

/** Newest first, without the documents themselves. */
export async function readDeadLetters(
  { prisma }: Database,
  filter: { entityId: number; limit: number },
): Promise<DeadLetterRecord[]> {
  const select = { docId: true, errorCode: true, reason: true, attempts: true, createdAt: true };
  const where = { entityId: filter.entityId };
  const letters = await prisma.deadLetter
    .findMany({ where, orderBy: { updatedAt: 'desc' }, take: filter.limit, select })
    .catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  return letters.map(({ createdAt, ...letter }) => ({ ...letter, createdAtMs: createdAt.getTime() }));
}
