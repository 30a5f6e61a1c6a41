import { apiSettings } from './settings/api.ts';
import { compactionSettings } from './settings/compaction.ts';
import { consoleSettings } from './settings/console.ts';
import { databaseSettings } from './settings/database.ts';
import { documentSettings } from './settings/document.ts';
import { leaderSettings } from './settings/leader.ts';
import { logSettings } from './settings/log.ts';
import { nodeSettings } from './settings/node.ts';
import { outageSettings } from './settings/outage.ts';
import { sourceSettings } from './settings/source.ts';
import { startSettings } from './settings/start.ts';
import { verifySettings } from './settings/verify.ts';

/**
 * Every setting of the product. The schema, `.env.example` and the error messages are generated from this table.
 * Names are environment variables; the configuration file uses the same names. The order is that of `.env.example`.
 */
export const settings = {
  ...sourceSettings,
  ...databaseSettings,
  ...nodeSettings,
  ...documentSettings,
  ...compactionSettings,
  ...verifySettings,
  ...leaderSettings,
  ...outageSettings,
  ...apiSettings,
  ...consoleSettings,
  ...logSettings,
  ...startSettings,
};

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings).filter((name): name is SettingName => name in settings);
