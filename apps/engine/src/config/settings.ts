import { apiSettings } from './settings/api.ts';
import { cacheSettings } from './settings/cache.ts';
import { compactionSettings } from './settings/compaction.ts';
import { consoleSettings } from './settings/console.ts';
import { databaseSettings } from './settings/database.ts';
import { documentSettings } from './settings/document.ts';
import { engineSettings } from './settings/engine.ts';
import { incidentSettings } from './settings/incidents.ts';
import { ingestSettings } from './settings/ingest.ts';
import { jobSettings } from './settings/jobs.ts';
import { leaderSettings } from './settings/leader.ts';
import { logSettings } from './settings/log.ts';
import { mongoSettings } from './settings/mongo.ts';
import { nodeSettings } from './settings/node.ts';
import { outageSettings } from './settings/outage.ts';
import { replicateSettings } from './settings/replicate.ts';
import { retrySettings } from './settings/retry.ts';
import type { Setting } from './settings/setting.ts';
import { snapshotSettings } from './settings/snapshot.ts';
import { sourceSettings } from './settings/source.ts';
import { startSettings } from './settings/start.ts';
import { verifySettings } from './settings/verify.ts';

/**
 * Every setting of the product. The schema, `.env.example`, `docs/settings.md` and the error messages are generated from this
 * table. Names are environment variables; the configuration file uses the same names. The order is that of `.env.example`.
 */
export const settings = {
  ...engineSettings,
  ...sourceSettings,
  ...mongoSettings,
  ...databaseSettings,
  ...nodeSettings,
  ...ingestSettings,
  ...documentSettings,
  ...replicateSettings,
  ...cacheSettings,
  ...snapshotSettings,
  ...compactionSettings,
  ...verifySettings,
  ...leaderSettings,
  ...outageSettings,
  ...incidentSettings,
  ...retrySettings,
  ...jobSettings,
  ...apiSettings,
  ...consoleSettings,
  ...logSettings,
  ...startSettings,
};

/** The same by subject, for documents. */
export const settingGroups: readonly {
  readonly title: string;
  readonly settings: Readonly<Record<string, Setting<unknown>>>;
}[] = [
  { title: 'The process', settings: engineSettings },
  { title: 'Source', settings: sourceSettings },
  { title: 'MongoDB connections and the change stream', settings: mongoSettings },
  { title: 'PostgreSQL', settings: databaseSettings },
  { title: 'Node and fleet', settings: nodeSettings },
  { title: 'Ingest', settings: ingestSettings },
  { title: 'Documents and dead letters', settings: documentSettings },
  { title: 'Replication', settings: replicateSettings },
  { title: 'Cache files', settings: cacheSettings },
  { title: 'Snapshots', settings: snapshotSettings },
  { title: 'Compaction', settings: compactionSettings },
  { title: 'Verification', settings: verifySettings },
  { title: 'Leadership', settings: leaderSettings },
  { title: 'Outages', settings: outageSettings },
  { title: 'Incidents', settings: incidentSettings },
  { title: 'Retries', settings: retrySettings },
  { title: 'Jobs', settings: jobSettings },
  { title: 'API', settings: apiSettings },
  { title: 'Console', settings: consoleSettings },
  { title: 'Logs', settings: logSettings },
  { title: '`npm start`', settings: startSettings },
];

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings).filter(isSettingName);

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(settings, name);
}
