/** Lists and describes collections, for scans and for the form that defines an entity. */
import { collectionsListedMax } from '@emcachers/core/collections-listed-max';
import { Binary, type Document, type MongoClient, MongoServerError } from 'mongodb';
import type { CollectionFacts, Namespace } from './change-source-types.ts';
import { parseCursorReply } from './cursor-reply.ts';
import { runPlain, runRaw } from './mongo-commands.ts';

/** MongoDB's internal databases. */
const systemDatabases: ReadonlySet<string> = new Set(['admin', 'config', 'local']);
const namespaceNotFound = 26;

export async function collectionFacts(client: MongoClient, namespace: Namespace): Promise<CollectionFacts | null> {
  const [entry] = await listEntries(client, namespace.database, { name: namespace.collection });
  if (entry === undefined) return null;
  return { kind: kindOf(entry), uuid: uuidOf(entry) };
}

/** Taken from the collection's metadata. Null if the server gives none: a missing estimate must not fail a scan. */
export async function estimatedDocuments(client: MongoClient, namespace: Namespace): Promise<number | null> {
  try {
    const reply = await runPlain({ client, database: namespace.database }, { count: namespace.collection });
    return typeof reply['n'] === 'number' ? reply['n'] : null;
  } catch (error) {
    if (error instanceof MongoServerError) return null;
    throw error;
  }
}

export async function listSourceCollections(client: MongoClient): Promise<readonly Namespace[]> {
  const reply = await runPlain({ client, database: 'admin' }, { listDatabases: 1, nameOnly: true });
  const databases = documentsOf(reply['databases'])
    .map((entry) => String(entry['name']))
    .filter((name) => !systemDatabases.has(name))
    .sort();
  const found: Namespace[] = [];
  for (const database of databases) {
    const names = await collectionNames(client, database);
    found.push(...names.map((collection) => ({ database, collection })));
    if (found.length >= collectionsListedMax) break;
  }
  return found.slice(0, collectionsListedMax);
}

/** In alphabetical order, without views, time series and MongoDB's internal collections. */
async function collectionNames(client: MongoClient, database: string): Promise<string[]> {
  const entries = await listEntries(client, database, { type: 'collection' });
  return entries
    .filter((entry) => kindOf(entry) === 'collection')
    .map((entry) => String(entry['name']))
    .filter((name) => !name.startsWith('system.'))
    .sort();
}

/** Samples both ends of the `_id` order: the index finds them without a collection scan, and they include old and new documents. */
export async function sampleSource(
  client: MongoClient,
  { namespace, limit }: { readonly namespace: Namespace; readonly limit: number },
): Promise<readonly Uint8Array[]> {
  const half = (direction: 1 | -1, count: number): Promise<readonly Buffer[]> =>
    count === 0 ? Promise.resolve([]) : readEnd(client, { namespace, direction, count });
  const newest = await half(-1, Math.ceil(limit / 2));
  const oldest = await half(1, Math.floor(limit / 2));
  const seen = new Set(newest.map((document) => document.toString('latin1')));
  return [...newest, ...oldest.filter((document) => !seen.has(document.toString('latin1')))];
}

interface EndRequest {
  readonly namespace: Namespace;
  readonly direction: 1 | -1;
  readonly count: number;
}

async function readEnd(client: MongoClient, { namespace, direction, count }: EndRequest): Promise<readonly Buffer[]> {
  const command = {
    find: namespace.collection,
    filter: {},
    sort: { _id: direction },
    limit: count,
    batchSize: count,
    singleBatch: true,
  };
  return parseCursorReply(await runRaw({ client, database: namespace.database }, command)).documents;
}

async function listEntries(client: MongoClient, database: string, filter: Document): Promise<Document[]> {
  try {
    const command = { listCollections: 1, filter, cursor: { batchSize: collectionsListedMax } };
    const reply = await runPlain({ client, database }, command);
    const cursor: unknown = reply['cursor'];
    return isDocument(cursor) ? documentsOf(cursor['firstBatch']) : [];
  } catch (error) {
    if (error instanceof MongoServerError && error.code === namespaceNotFound) return [];
    throw error;
  }
}

function kindOf(entry: Document): CollectionFacts['kind'] {
  if (entry['type'] === 'view') return 'view';
  const options: unknown = entry['options'];
  if (isDocument(options) && options['capped'] === true) return 'capped';
  return entry['type'] === 'timeseries' ? 'timeseries' : 'collection';
}

function uuidOf(entry: Document): string | null {
  const info: unknown = entry['info'];
  const uuid: unknown = isDocument(info) ? info['uuid'] : null;
  return uuid instanceof Binary && uuid.sub_type === Binary.SUBTYPE_UUID ? uuid.toUUID().toString() : null;
}

function documentsOf(value: unknown): Document[] {
  return Array.isArray(value) ? value.filter(isDocument) : [];
}

function isDocument(value: unknown): value is Document {
  return typeof value === 'object' && value !== null;
}
