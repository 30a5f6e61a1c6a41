/** Puts `uriOptions` of a unified test into a connection string. */
import { OutOfScope } from './out-of-scope.ts';

/**
 * The connection string with these options, which win over its own. `readPreferenceTags` is a list of tag sets, each
 * of which is a parameter. A direct connection has no set name.
 */
export function withUriOptions(url: string, uriOptions: Readonly<Record<string, unknown>>): string {
  const [start = '', query = ''] = url.split('?');
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    parameters.set(name.toLowerCase(), [`${name}=${encodeURIComponent(value)}`]);
  }
  if (uriOptions['directConnection'] === true) parameters.delete('replicaset');
  for (const [name, value] of Object.entries(uriOptions)) {
    const texts = Array.isArray(value) && name === 'readPreferenceTags' ? value : [value];
    parameters.set(
      name.toLowerCase(),
      texts.map((text) => `${name}=${encodeURIComponent(textOf(name, text))}`),
    );
  }
  const separator = /\/\/[^/]*\//.test(start) ? '?' : '/?';
  return `${start}${separator}${[...parameters.values()].flat().join('&')}`;
}

function textOf(name: string, value: unknown): string {
  if (Array.isArray(value)) return value.join(',');
  if (typeof value !== 'object' || value === null) return String(value);
  if ('$$placeholder' in value) throw new OutOfScope(`a value for ${name} from the environment of the test`);
  return Object.entries(value)
    .map(([key, entry]) => `${key}:${textOf(name, entry)}`)
    .join(',');
}
