/**
 * Reads a cache again and again until SIGTERM, and prints what it saw as JSON: reads, files, and every fault. A fault is an error that
 * is not documented, an offset that decreases within one entity, or rows that do not belong to their offset.
 * Arguments: the data directory, the entity.
 */
import process from 'node:process';
import { setImmediate } from 'node:timers/promises';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type Cache, openCache } from '../../src/client.ts';

const [, , dataDir = '', entity = ''] = process.argv;
/** Absent, being built, gone: what a removal and a creation look like. */
const documented = new Set(['EMC-7001', 'EMC-7002', 'EMC-7003']);
const seen = { reads: 0, absent: 0, swaps: 0, faults: [] as string[] };
let stopped = false;
process.on('SIGTERM', () => {
  stopped = true;
});

interface State {
  readonly entityId: number;
  readonly offset: number;
  readonly generation: number;
  readonly documents: number;
  readonly rows: number;
  readonly newest: number;
}

/** The newest value and the number of rows are those of the offset: the test writes one value after another. */
function stateOf(cache: Cache): State {
  const [state] = cache.query<State>(`
    SELECT (SELECT value FROM metadata WHERE key = 'entityId') + 0 AS entityId,
           (SELECT value FROM metadata WHERE key = 'offset') + 0 AS offset,
           (SELECT value FROM metadata WHERE key = 'generation') + 0 AS generation,
           (SELECT value FROM metadata WHERE key = 'documents') + 0 AS documents,
           count(*) AS rows, max(n) AS newest FROM "${entity}"`);
  if (state === undefined) throw new Error('A query without a group has one row.');
  return state;
}

function faultOf(before: State | null, now: State): string | null {
  if (now.documents !== now.rows) return `${now.rows} rows, but metadata counts ${now.documents}`;
  if (before === null || before.entityId !== now.entityId) return null;
  if (now.offset < before.offset) return `the offset went from ${before.offset} to ${now.offset}`;
  if (now.newest < before.newest) return `the newest value went from ${before.newest} to ${now.newest}`;
  const isTorn = (now.offset === before.offset) !== (now.newest === before.newest);
  return isTorn ? `offset and rows moved apart: ${JSON.stringify([before, now])}` : null;
}

let cache: Cache | null = null;
let before: State | null = null;
process.stdout.write('reading\n');
while (!stopped) {
  try {
    cache ??= openCache({ dataDir, entity });
    const now = stateOf(cache);
    const fault = faultOf(before, now);
    if (fault !== null) seen.faults.push(fault);
    if (before !== null && now.generation !== before.generation) seen.swaps += 1;
    before = now;
    seen.reads += 1;
  } catch (error) {
    if (error instanceof EmcachersError && documented.has(error.code)) seen.absent += 1;
    else seen.faults.push(String(error));
  }
  await setImmediate();
}
cache?.close();
process.stdout.write(`${JSON.stringify(seen)}\n`);
