import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';

/** A document that could not be projected. Times are in milliseconds since 1970. */
export interface DeadLetterRow {
  readonly docId: string;
  readonly errorCode: string;
  readonly error: string;
  /** How many times the document was refused. */
  readonly attempts: number;
  readonly createdAtMs: number;
}

/** Newest first, without the documents themselves. */
export async function readDeadLetters(
  { prisma }: Database,
  filter: { entityId: number; limit: number },
): Promise<DeadLetterRow[]> {
  const select = { docId: true, errorCode: true, reason: true, attempts: true, createdAt: true };
  const where = { entityId: filter.entityId };
  const letters = await prisma.deadLetter
    .findMany({ where, orderBy: { updatedAt: 'desc' }, take: filter.limit, select })
    .catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  return letters.map(({ reason, createdAt, ...letter }) => ({
    ...letter,
    error: reason,
    createdAtMs: createdAt.getTime(),
  }));
}
