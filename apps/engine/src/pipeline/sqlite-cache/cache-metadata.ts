/** The `metadata` table of a cache file: its entity, shape and offset. A file without it is not ours. */
import type Database from 'better-sqlite3';
import { z } from 'zod';
import { damaged } from './cache-error.ts';
import type { CacheIdentity } from './cache-types.ts';

const metadataSchema = z.object({
  entityId: z.int(),
  entity: z.string(),
  shapeHash: z.string(),
  historyId: z.string(),
  rebuild: z.int(),
  generation: z.int(),
  /** Scan number of the newest entry. */
  version: z.int(),
  offset: z.int(),
  documents: z.int(),
  /** The term of leadership under which the newest page was read; null before the first. */
  termId: z.string().nullable(),
  /** The entity's horizon when the file was at offset 0; absent from files of older engines. */
  horizon: z.int().default(0),
});
export interface CacheMetadata extends z.infer<typeof metadataSchema> {
  /** As in `CacheState`. */
  readonly sourceTime: bigint | null;
}

/**
 * Readers of any language wait for a change by this key. Its value is an unsigned BSON timestamp in decimal, because JSON's
 * numbers are too small for some readers. The key is absent while the time is unknown.
 */
const sourceTimeKey = 'source_time';

export interface CacheProgress {
  readonly offset: number;
  readonly documents: number;
  readonly version: number;
  readonly termId: string | null;
  readonly horizon: number;
}

/** Throws EMC-4001 if the table is missing or incomplete, or SQLite's error if the file cannot be read. */
export function readMetadata(database: Database.Database, path: string): CacheMetadata {
  const table = database.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'metadata'").get();
  if (table === undefined) throw damaged(path, 'it has no metadata table');
  const rows = database.prepare<[], { key: string; value: string }>('SELECT key, value FROM metadata').all();
  const read = metadataSchema.safeParse(Object.fromEntries(rows.map(({ key, value }) => [key, parsed(value)])));
  if (!read.success) throw damaged(path, `its metadata is incomplete: ${z.prettifyError(read.error)}`);
  return { ...read.data, sourceTime: sourceTimeOf(rows.find(({ key }) => key === sourceTimeKey)?.value) };
}

/** Null if the key is absent, or was changed by hand. */
function sourceTimeOf(text: string | undefined): bigint | null {
  return text !== undefined && /^\d{1,20}$/.test(text) ? BigInt(text) : null;
}

function parsed(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return undefined;
  }
}

export function firstMetadata(identity: CacheIdentity, generation: number): CacheMetadata {
  const { entityId, entityName, shapeHash, historyId, rebuildRequested } = identity;
  const about = { entityId, entity: entityName, shapeHash, historyId, rebuild: rebuildRequested, generation };
  return { ...about, version: 0, offset: 0, documents: 0, termId: null, horizon: 0, sourceTime: null };
}

/** Of a new file, which has no source time yet. */
export function writeMetadata(database: Database.Database, { sourceTime: _, ...metadata }: CacheMetadata): void {
  const statement = database.prepare('INSERT INTO metadata (key, value) VALUES (?, ?)');
  for (const [key, value] of Object.entries(metadata)) statement.run(key, JSON.stringify(value));
}

/** Updates the five values that change with every transaction in one statement. */
export const saveProgressSql = `INSERT INTO metadata (key, value) VALUES ('offset', ?), ('documents', ?), ('version', ?), ('termId', ?), ('horizon', ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`;

export const saveSourceTimeSql = `INSERT INTO metadata (key, value) VALUES ('${sourceTimeKey}', ?)
  ON CONFLICT (key) DO UPDATE SET value = excluded.value`;
export const removeSourceTimeSql = `DELETE FROM metadata WHERE key = '${sourceTimeKey}'`;

export function progressParameters(progress: CacheProgress): string[] {
  const { offset, documents, version, termId, horizon } = progress;
  return [String(offset), String(documents), String(version), JSON.stringify(termId), String(horizon)];
}
