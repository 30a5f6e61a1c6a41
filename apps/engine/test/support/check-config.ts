import { type Config, configOf } from '../../src/config/config.ts';

/** The configuration that an environment of these variables makes, without any file. */
export function checkConfig(values: Readonly<Record<string, string>>, folder = '/'): Config {
  return configOf([{ name: 'environment', isOursAlone: false, values }], folder);
}
