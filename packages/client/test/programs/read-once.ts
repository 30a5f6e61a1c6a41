/** Opens a cache, prints its place and one row, or the error's code. Arguments: the data directory, the entity, the `_id`. */
import process from 'node:process';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { openCache } from '../../src/client.ts';

const [, , dataDir = '', entity = '', id = ''] = process.argv;
try {
  using cache = openCache<{ n: number }>({ dataDir, entity });
  process.stdout.write(JSON.stringify({ offset: cache.offset(), n: cache.get(id)?.n }));
} catch (error) {
  if (!(error instanceof EmcachersError)) throw error;
  process.stdout.write(JSON.stringify({ code: error.code }));
}
