/** Where `emcachers-types` finds columns: the shapes of a running engine, or the tables of cache files. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openCache } from './open-cache.ts';
import type { TypedEntity } from './row-types.ts';

/** An engine answers at once, or not at all. */
const answerMsMax = 10_000;

export interface EngineAddress {
  readonly url: string;
  readonly token: string | undefined;
}

/** Throws an Error with the engine's own explanation if it refuses. */
export async function entitiesOfEngine({ url, token }: EngineAddress): Promise<TypedEntity[]> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const address = new URL('/api/v1/entities', url);
  const response = await fetch(address, { headers, signal: AbortSignal.timeout(answerMsMax) });
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${address} answered ${response.status}: ${JSON.stringify(body)}`);
  if (!Array.isArray(body)) throw new Error(`${address} is not the API of an engine.`);
  return body.map(typedEntity);
}

function typedEntity(view: unknown): TypedEntity {
  const columns = fieldOf(view, 'columns');
  if (!Array.isArray(columns)) throw new Error('The engine lists an entity without columns.');
  return {
    entity: String(fieldOf(view, 'entityName')),
    columns: columns.map((column) => ({
      name: String(fieldOf(column, 'name')),
      type: String(fieldOf(column, 'type')),
    })),
  };
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

/** Throws an EmcachersError if a file is not a cache. */
export function entitiesOfFiles(dataDir: string, names: readonly string[]): TypedEntity[] {
  const entities = names.length > 0 ? names : readdirSync(join(dataDir, 'dbs')).sort();
  return entities.map((entity) => {
    using cache = openCache({ dataDir, entity });
    const columns = cache.query<{ name: string; type: string }>(
      "SELECT name, type FROM pragma_table_info(?) WHERE name <> 'doc_id'",
      [entity],
    );
    return { entity, columns };
  });
}
