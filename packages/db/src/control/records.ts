import type { Database } from '../database.ts';
import type { Incident } from '../generated/client.ts';

/** Small records around the entities: dead letters for people, audit, idempotency keys, incidents, metadata. */
export interface DeadLetterRecord {
  readonly docId: string;
  readonly errorCode: string;
  readonly reason: string;
  readonly attempts: number;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Newest first. */
export async function listDeadLetters(
  database: Database,
  filter: { entityId: number; limit: number },
): Promise<readonly DeadLetterRecord[]> {
  return database.prisma.deadLetter.findMany({
    where: { entityId: filter.entityId },
    orderBy: { updatedAt: 'desc' },
    take: filter.limit,
    select: { docId: true, errorCode: true, reason: true, attempts: true, createdAt: true, updatedAt: true },
  });
}

export interface AuditEntry {
  readonly actor: string;
  readonly action: string;
  readonly entityName: string | null;
  readonly detail: Readonly<Record<string, string | number | boolean | null>>;
  readonly correlationId: string | null;
}

export async function writeAudit(database: Database, entry: AuditEntry): Promise<void> {
  await database.prisma.audit.create({ data: entry });
}

export interface StoredAnswer {
  readonly requestHash: string;
  readonly statusCode: number;
  /** The answer's body as JSON. */
  readonly response: unknown;
}

/** The answer that was given to a key before; null for none, or one that has expired. */
export async function findAnswer(database: Database, key: string): Promise<StoredAnswer | null> {
  const found = await database.prisma.idempotencyKey.findUnique({ where: { key } });
  return found === null || found.expiresAt <= new Date() ? null : found;
}

/** Keeps the first answer of a key; answers the one that is kept, which is another's when two requests ran at once. */
export async function keepAnswer(
  database: Database,
  answer: StoredAnswer & { key: string; expiresAt: Date },
): Promise<StoredAnswer> {
  const found = await database.pool.query<StoredAnswer>(
    `INSERT INTO idempotency_key AS kept (key, request_hash, status_code, response, expires_at)
     VALUES ($1, $2, $3, $4, $5)
     ON CONFLICT (key) DO UPDATE
        SET request_hash = CASE WHEN kept.expires_at <= now() THEN EXCLUDED.request_hash ELSE kept.request_hash END,
            status_code = CASE WHEN kept.expires_at <= now() THEN EXCLUDED.status_code ELSE kept.status_code END,
            response = CASE WHEN kept.expires_at <= now() THEN EXCLUDED.response ELSE kept.response END,
            expires_at = CASE WHEN kept.expires_at <= now() THEN EXCLUDED.expires_at ELSE kept.expires_at END
     RETURNING request_hash AS "requestHash", status_code AS "statusCode", response`,
    [answer.key, answer.requestHash, answer.statusCode, JSON.stringify(answer.response), answer.expiresAt],
  );
  return found.rows[0] ?? answer;
}

export async function forgetAnswers(database: Database): Promise<number> {
  const answer = await database.prisma.idempotencyKey.deleteMany({ where: { expiresAt: { lte: new Date() } } });
  return answer.count;
}

/** Opens an incident unless one of this kind is open for the subject. */
export async function openIncident(
  database: Database,
  incident: { subject: string; errorCode: string; detail: string },
): Promise<void> {
  await database.prisma.incident.createMany({ data: [incident], skipDuplicates: true });
}

export async function closeIncident(
  database: Database,
  incident: { subject: string; errorCode: string },
): Promise<void> {
  await database.prisma.incident.updateMany({ where: { ...incident, closedAt: null }, data: { closedAt: new Date() } });
}

/** Newest first. */
export async function listIncidents(database: Database, limit: number): Promise<readonly Incident[]> {
  return database.prisma.incident.findMany({ orderBy: { openedAt: 'desc' }, take: limit });
}

/** A value of `metadata`; undefined for an unknown key. */
export async function readMetadata(database: Database, key: string): Promise<unknown> {
  const found = await database.prisma.metadata.findUnique({ where: { key } });
  return found?.value;
}
