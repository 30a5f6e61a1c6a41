import { z } from 'zod';
import { fleetIntervalMsDefault } from '../../control/fleet/fleet-interval.ts';
import { numberSetting, wholeNumber } from './schemas.ts';
import type { Setting } from './setting.ts';

export const roles = ['ingest', 'replicate', 'api'] as const;
export type Role = (typeof roles)[number];

const roleList = z.string().transform((text, context) => {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.filter((name) => !roles.some((role) => role === name));
  if (unknown.length > 0) {
    context.addIssue({ code: 'custom', message: `names "${unknown.join(', ')}"; the roles are ${roles.join(', ')}` });
    return z.NEVER;
  }
  return roles.filter((role) => names.includes(role));
});

/** The roles of this process, its name, and its data directory. */
export const nodeSettings = {
  EMCACHERS_DATA_DIR: {
    schema: z.string().min(1, 'is empty'),
    standard: '.emcachers',
    unit: 'directory',
    reason: 'Holds the cache files and this node’s metadata. Applications open <data dir>/dbs/<entity>/db.sqlite.',
    reader: 'engine',
  },
  EMCACHERS_ROLES: {
    schema: roleList,
    standard: 'ingest,replicate,api',
    unit: 'comma-separated list of ingest, replicate and api',
    reason:
      'The roles this process runs. By default one process runs all of them. Without api it answers health and metrics only.',
    reader: 'engine',
  },
  EMCACHERS_NODE_ID: {
    schema: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, 'is not 1 to 63 letters, digits, dots and hyphens'),
    standard: null,
    unit: 'name',
    reason:
      'The name operators see for this node. If unset, a name is derived from the host name and saved in the data directory.',
    reader: 'engine',
  },
  EMCACHERS_FORGET_NODE_HOURS: {
    schema: wholeNumber(1, 8_760),
    standard: '24',
    unit: 'hours, from 1 to 8760',
    reason: 'A node without a heartbeat for this long is removed from the fleet. It registers again if it comes back.',
    reader: 'engine',
  },
  EMCACHERS_HEARTBEAT_MS: numberSetting({
    unit: 'milliseconds',
    min: 200,
    max: 5_000,
    standard: 2_000,
    reason: 'How often a node says that it is alive. Others call it silent after 10 s without a heartbeat.',
  }),
  EMCACHERS_FLEET_MS: numberSetting({
    unit: 'milliseconds',
    min: 250,
    max: 10_000,
    standard: fleetIntervalMsDefault,
    reason: 'How often each engine with the API reads the state of the fleet when no notification arrives.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
