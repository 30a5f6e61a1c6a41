import type { Database } from '../database.ts';
import { toDatabaseError } from '../database-error.ts';

/** A stored dead letter without its document. Times are in milliseconds since 1970. */
export interface DeadLetterRecord {
  readonly docId: string;
  readonly errorCode: string;
  readonly reason: string;
  /** How many times the document was refused. */
  readonly attempts: number;
  /** The column whose policy refused the document; null if it was refused for another reason. */
  readonly columnName: string | null;
  /** Raw `{ _id }`; null if it is too large to keep. */
  readonly documentKey: Uint8Array | null;
  /** When the document was first refused, and when it was last refused. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Newest first, without the documents themselves. */
export async function readDeadLetters(
  { prisma }: Database,
  filter: { entityId: number; limit: number },
): Promise<DeadLetterRecord[]> {
  const select = {
    docId: true,
    errorCode: true,
    reason: true,
    attempts: true,
    columnName: true,
    documentKey: true,
    createdAt: true,
    updatedAt: true,
  };
  const where = { entityId: filter.entityId };
  const letters = await prisma.deadLetter
    .findMany({ where, orderBy: { updatedAt: 'desc' }, take: filter.limit, select })
    .catch((error: unknown) => {
      throw toDatabaseError(error);
    });
  return letters.map(({ createdAt, updatedAt, ...letter }) => ({
    ...letter,
    createdAtMs: createdAt.getTime(),
    updatedAtMs: updatedAt.getTime(),
  }));
}
