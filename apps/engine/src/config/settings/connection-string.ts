import { z } from 'zod';

/** What a connection string may be, beyond its scheme. */
export interface ConnectionStringRules {
  readonly schemes: readonly string[];
  /** How many host names the driver accepts. */
  readonly hostsMax: number;
}

const encoded = '%[0-9a-f]{2}';
const userInfo = `(?:(?:[^:@/?#%]|${encoded})*(?::(?:[^@/?#%]|${encoded})*)?@)?`;
const host = String.raw`(?:\[[0-9a-f:.]+\]|(?:[^:@/?#,%[\]\s]|${encoded})*)(?::\d+)?`;
const query = String.raw`(?:\?(?:[a-z_][\w.]*=(?:[^&#%]|${encoded})*(?:&|$))*)?`;
const grammar = new RegExp(`^${userInfo}(?<hosts>${host}(?:,${host})*)(?:/(?:[^/?#@%]|${encoded})*)?${query}$`, 'iu');

const portMax = 65_535;

/**
 * Both drivers read a raw `@`, `/`, `#` or `%` of a password as the end of something, and then complain about a host that nobody
 * wrote, or quote half of the password. So the form is checked first. The messages never repeat the value.
 */
export function connectionString({ schemes, hostsMax }: ConnectionStringRules): z.ZodType<string, string> {
  return z.string().superRefine((value, context) => {
    const message = problemOf(value, { schemes, hostsMax });
    if (message !== null) context.addIssue({ code: 'custom', message });
  });
}

function problemOf(value: string, { schemes, hostsMax }: ConnectionStringRules): string | null {
  const scheme = schemes.find((name) => value.startsWith(`${name}://`));
  if (scheme === undefined) return `does not begin with ${schemes.map((name) => `${name}://`).join(' or ')}`;
  const rest = value.slice(scheme.length + '://'.length);
  const hosts = grammar.exec(rest)?.groups?.['hosts']?.split(',');
  if (hosts === undefined) return problemOfForm(rest, scheme);
  if (!isDecodable(rest)) return encodingProblem;
  if (hosts.length > hostsMax) return `names ${hosts.length} hosts, and the driver connects to ${hostsMax}`;
  const isPort = (name: string): boolean => Number(/:(\d+)$/.exec(name)?.[1] ?? 1) <= portMax;
  return hosts.every(isPort) ? null : `has a port above ${portMax}`;
}

const encodingProblem =
  'has a character in its user name, password or options that must be percent-encoded: % is written %25, @ %40, : %3A, / %2F, ? %3F, # %23';

function problemOfForm(rest: string, scheme: string): string {
  if (/[@%#]/.test(rest)) return encodingProblem;
  return `is not of the form ${scheme}://user:password@host:port/database?option=value`;
}

/** The bytes of the percent-encoded characters must be UTF-8. */
function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
