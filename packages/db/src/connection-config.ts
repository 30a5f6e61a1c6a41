import { createHash } from 'node:crypto';
import type pg from 'pg';

/**
 * Reads DATABASE_URL once for every connection of ours. The driver would let parameters of the URL replace our own options: an
 * `application_name` would hide the leader's sessions from its successor, `options` would take the planner's settings away, and
 * `schema`, which other tools write, would be ignored.
 */
const oursAlone = ['schema', 'options', 'application_name'] as const;

/** What one kind of connection adds to the URL. */
export interface OwnOptions {
  readonly applicationName: string;
  /** Settings of the session, each `name=value`. */
  readonly settings?: readonly string[];
}

/** The part of a connection's configuration that depends on the URL. `options` are kept, with our settings after them. */
export function connectionConfig(url: string, own: OwnOptions): pg.ClientConfig {
  const { base, parameters } = split(url);
  const schema = schemaOf(url);
  const path = schema === null ? [] : [`search_path=${escapeOption(quoteName(schema))}`];
  const settings = [...path, ...(own.settings ?? [])].map((setting) => `-c ${setting}`);
  const options = [parameters.get('options') ?? '', ...settings].filter((part) => part !== '').join(' ');
  for (const name of oursAlone) parameters.delete(name);
  const rest = parameters.toString();
  return {
    connectionString: rest === '' ? base : `${base}?${rest}`,
    application_name: own.applicationName,
    ...(options === '' ? {} : { options }),
  };
}

/** The schema that `?schema=` names; null if the URL leaves it to the server (usually `public`). */
export function schemaOf(url: string): string | null {
  const name = split(url).parameters.get('schema');
  return name === null || name === '' ? null : name;
}

/**
 * The name of a leader's sessions, without its epoch. Two installations in two schemas of one database have two leaders, and
 * neither may end the sessions of the other. A name of a session is short, so a schema appears as a hash.
 */
export function leaderSessionName(url: string): string {
  const schema = schemaOf(url);
  if (schema === null) return 'emcachers leader';
  return `emcachers leader in ${createHash('sha256').update(schema).digest('hex').slice(0, 12)}`;
}

/** An SQL identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function split(url: string): { base: string; parameters: URLSearchParams } {
  const [base = '', ...query] = url.split('?');
  return { base, parameters: new URLSearchParams(query.join('?')) };
}

/** The server splits `options` at white space, unless a backslash comes before it. */
function escapeOption(value: string): string {
  return value.replaceAll(/[\\\s]/g, String.raw`\$&`);
}
