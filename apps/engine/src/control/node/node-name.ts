import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { Log } from '@emcachers/core/log';
import { openLocalMetadata } from './local-metadata.ts';

/**
 * The name under which the fleet knows this node. It must survive restarts, because offsets are reported under it, and differ
 * from every other node's name. It is therefore generated once and stored in the data directory beside the caches.
 */
export function nodeName(dataDir: string, configured: string | null, log: Log): string {
  if (configured !== null) return configured;
  const local = openLocalMetadata(dataDir, log);
  try {
    const known = local.read('nodeId');
    if (typeof known === 'string') return known;
    const host = hostname()
      .split('.')[0]
      ?.replaceAll(/[^A-Za-z0-9-]/g, '-')
      .slice(0, 40);
    const made = `${host === undefined || host === '' ? 'node' : host}-${randomBytes(3).toString('hex')}`;
    local.write('nodeId', made);
    return made;
  } finally {
    local.close();
  }
}
