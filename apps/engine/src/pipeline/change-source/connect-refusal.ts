/**
 * Tells why no server of MONGO_URL could be used: what an operator must change, or a server that does not answer yet. The driver
 * itself says only that the selection timed out; the reason is in its picture of the servers.
 */
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { isTlsError } from '@emcachers/core/tls-error';
import { type MongoClient, MongoServerError, MongoServerSelectionError } from 'mongodb';
import { isDnsError, isFileError } from './mongo-client.ts';
import { unreachableError } from './stream-errors.ts';

/** The replica set that each address said it belongs to; the driver forgets those of another set. */
export type SeenSets = ReadonlyMap<string, string>;

/** Listens from now on. Call it before the client connects. */
export function watchSets(client: MongoClient): SeenSets {
  const seen = new Map<string, string>();
  client.on('serverHeartbeatSucceeded', ({ connectionId, reply }) => {
    const setName: unknown = reply['setName'];
    if (typeof setName === 'string') seen.set(connectionId, setName);
  });
  return seen;
}

/** An error of the catalogue for an error of the driver; other errors pass unchanged. */
export function toConnectRefusal(error: unknown, client: MongoClient, seen: SeenSets): unknown {
  if (error instanceof MongoServerSelectionError) return selectionRefusal(error, client, seen);
  if (error instanceof MongoServerError) return serverRefusal(error, client);
  if (isDnsError(error)) return nameRefusal(error);
  if (isFileError(error)) return refusal('EMC-1001', error.message, error);
  if (isTlsError(error)) return refusal('EMC-2017', error.message, error);
  return error instanceof Error && !(error instanceof EmcachersError) ? unreachableError(error) : error;
}

const authenticationFailed = 18;
const unauthorized = 13;
/** MongoDB Atlas has a code of its own. */
const atlasError = 8000;

function serverRefusal(error: MongoServerError, client: MongoClient): EmcachersError {
  if (error.code === authenticationFailed || error.code === atlasError)
    return refusal('EMC-2014', error.message, error);
  if (error.code === unauthorized) return rightRefusal(error, client);
  return unreachableError(error);
}

/** For a command that the server refused to run for this user. */
export function rightRefusal(error: Error, client: MongoClient): EmcachersError {
  if (client.options.credentials === undefined)
    return refusal('EMC-2014', `it names no user, and the server requires one: ${error.message}`, error);
  return refusal('EMC-2018', error.message, error);
}

/** That a name does not exist is the name server's answer; that it does not answer may pass. */
function nameRefusal(error: Error & { readonly code: unknown }): EmcachersError {
  if (error.code !== 'ENOTFOUND' && error.code !== 'ENODATA') return unreachableError(error);
  return refusal('EMC-1001', `the name server knows no mongodb+srv address of this name (${error.message})`, error);
}

function selectionRefusal(error: MongoServerSelectionError, client: MongoClient, seen: SeenSets): EmcachersError {
  const { replicaSet, readPreference } = client.options;
  const sets = [...new Set(seen.values())];
  if (replicaSet && sets.length > 0 && !sets.includes(replicaSet))
    return refusal(
      'EMC-2016',
      `it says replicaSet=${replicaSet}, but the servers that answer belong to the set ${sets.join(', ')}`,
      error,
    );
  const servers = serversOf(error);
  const tls = servers.find(({ error: reason }) => isTlsError(reason) || isTlsError(causeOf(reason)));
  if (tls !== undefined) return refusal('EMC-2017', `${tls.address}: ${tls.error?.message ?? ''}`, error);
  const known = servers.filter((server) => server.type !== 'Unknown');
  const roles = known.map((server) => `${server.address} is ${server.type}`).join(', ');
  if (known.some((server) => server.type === 'RSPrimary'))
    return refusal('EMC-2015', `no server is as readPreference=${readPreference.mode} asks: ${roles}`, error);
  const reasons = servers.filter((server) => server.error !== null).map((server) => server.error?.message ?? '');
  const words = [...new Set([error.message, ...reasons])].join('; ');
  return unreachableError(new Error(roles === '' ? words : `${words}; no primary: ${roles}`, { cause: error }));
}

function causeOf(error: Error | null): unknown {
  return error?.cause;
}

function serversOf(error: MongoServerSelectionError) {
  return [...(error.reason?.servers.values() ?? [])];
}

type Code = 'EMC-1001' | 'EMC-2014' | 'EMC-2015' | 'EMC-2016' | 'EMC-2017' | 'EMC-2018';

function refusal(code: Code, words: string, cause: Error): EmcachersError {
  return new EmcachersError({ code, detail: `MONGO_URL: ${words}${/[.!?]$/.test(words) ? '' : '.'}`, cause });
}
