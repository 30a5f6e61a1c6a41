import { apiSettings } from './settings/api.ts';
import { consoleSettings } from './settings/console.ts';
import { databaseSettings } from './settings/database.ts';
import { logSettings } from './settings/log.ts';
import { nodeSettings } from './settings/node.ts';
import { sourceSettings } from './settings/source.ts';
import { startSettings } from './settings/start.ts';

/**
 * Every setting of the product: one table from which the schema, `.env.example` and the error messages are made.
 * The names are the environment's; the configuration file uses the same ones. The order is that of `.env.example`.
 */
export const settings = {
  ...sourceSettings,
  ...databaseSettings,
  ...nodeSettings,
  ...apiSettings,
  ...consoleSettings,
  ...logSettings,
  ...startSettings,
};

export type SettingName = keyof typeof settings;
export const settingNames = Object.keys(settings).filter((name): name is SettingName => name in settings);
