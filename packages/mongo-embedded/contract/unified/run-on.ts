/** Decides whether a test counts for the server at hand: `runOnRequirements` of the unified test format. */
import type { Document, MongoClient } from 'mongodb';
import type { RunOnRequirement } from './unified-file.ts';

export interface ServerFacts {
  readonly version: readonly number[];
  readonly topology: 'single' | 'replicaset' | 'sharded';
  readonly parameters: Document;
  readonly authEnabled: boolean;
  /** Members of the replica set that hold data; 0 where there is none. */
  readonly memberCount: number;
}

/** Asks the server what the requirements speak of. */
export async function readServerFacts(client: MongoClient): Promise<ServerFacts> {
  const admin = client.db('admin');
  const hello = await admin.command({ hello: 1 });
  const build = await admin.command({ buildInfo: 1 });
  const parameters = await admin.command({ getParameter: '*' }).catch(() => ({}));
  const topology = hello['msg'] === 'isdbgrid' ? 'sharded' : hello['setName'] ? 'replicaset' : 'single';
  const options: Document = await admin.command({ getCmdLineOpts: 1 }).catch(() => ({}));
  const memberCount = [hello['hosts'] ?? []].flat().length;
  const authEnabled = options['parsed']?.security?.authorization === 'enabled';
  return { version: build['versionArray'].slice(0, 3).map(Number), topology, parameters, authEnabled, memberCount };
}

/** The reason why none of the requirements is met, or null when one is (or there are none). */
export function runOnRefusal(requirements: readonly RunOnRequirement[] | undefined, facts: ServerFacts): string | null {
  if (requirements === undefined || requirements.length === 0) return null;
  const refusals = requirements.map((requirement) => refusalOf(requirement, facts));
  if (refusals.includes(null)) return null;
  return `runOnRequirements: ${refusals.join('; or ')}`;
}

type Check = (requirement: RunOnRequirement, facts: ServerFacts) => string | null;

const checks: readonly Check[] = [
  versionRefusal,
  topologyRefusal,
  serviceRefusal,
  authenticationRefusal,
  mechanismRefusal,
  parameterRefusal,
];

function refusalOf(requirement: RunOnRequirement, facts: ServerFacts): string | null {
  for (const check of checks) {
    const refusal = check(requirement, facts);
    if (refusal !== null) return refusal;
  }
  return null;
}

function versionRefusal({ minServerVersion, maxServerVersion }: RunOnRequirement, facts: ServerFacts): string | null {
  const have = facts.version.join('.');
  if (minServerVersion !== undefined && compareVersions(facts.version, parseVersion(minServerVersion)) < 0) {
    return `needs server ${minServerVersion} or newer, this is ${have}`;
  }
  if (maxServerVersion !== undefined && compareVersions(facts.version, parseVersion(maxServerVersion)) > 0) {
    return `needs server ${maxServerVersion} or older, this is ${have}`;
  }
  return null;
}

function topologyRefusal({ topologies }: RunOnRequirement, { topology }: ServerFacts): string | null {
  if (topologies === undefined) return null;
  if (topologies.some((name) => name.replace('-replicaset', '') === topology)) return null;
  return `needs topology ${topologies.join(' or ')}, this is ${topology}`;
}

function serviceRefusal({ serverless, csfle }: RunOnRequirement): string | null {
  if (serverless === 'require') return 'needs a serverless deployment';
  return csfle !== undefined && csfle !== false ? 'needs client-side encryption' : null;
}

function authenticationRefusal({ auth }: RunOnRequirement, { authEnabled }: ServerFacts): string | null {
  if (auth === undefined || auth === authEnabled) return null;
  return auth ? 'needs authentication' : 'needs a server without authentication';
}

function mechanismRefusal({ authMechanism: wanted }: RunOnRequirement, facts: ServerFacts): string | null {
  const mechanisms = [facts.parameters['authenticationMechanisms'] ?? []].flat().map((name) => name.toLowerCase());
  if (wanted === undefined || mechanisms.includes(wanted.toLowerCase())) return null;
  return `needs authentication mechanism ${wanted}`;
}

function parameterRefusal(
  { serverParameters: wanted }: RunOnRequirement,
  { parameters: have }: ServerFacts,
): string | null {
  for (const [name, value] of Object.entries(wanted ?? {})) {
    if (String(have[name]) !== String(value)) {
      return `needs server parameter ${name}=${String(value)}, this server has ${String(have[name])}`;
    }
  }
  return null;
}

function parseVersion(text: string): number[] {
  return text.split(/[.-]/).slice(0, 3).map(Number);
}

function compareVersions(left: readonly number[], right: readonly number[]): number {
  for (let index = 0; index < 3; index += 1) {
    const difference = (left[index] ?? 0) - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
