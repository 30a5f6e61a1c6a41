import { type AppendTarget, beginAppend } from '@emcachers/db/statements/begin-append';
import { findChanged } from '@emcachers/db/statements/changed-documents';
import { resetColumnCounts } from '@emcachers/db/statements/column-counts';
import { commitAppend } from '@emcachers/db/statements/commit-append';
import { deleteHeld } from '@emcachers/db/statements/delete-held';
import {
  markCollection,
  markScanFailed,
  markScanFinished,
  markScanning,
  recordScanPage,
  recordStreamStatus,
} from '@emcachers/db/statements/scan-state';
import { inTransaction, type TransactionClient } from '@emcachers/db/transaction';
import {
  type AppendingTransaction,
  appendByNeed,
  copyOperations,
  isRefreshing,
  recordOutcomes,
} from './append-operations.ts';
import type { OplogWriter } from './oplog.ts';
import type { ScanOutcome, ScanPage } from './oplog-types.ts';
import type { OplogWriterOptions } from './writer-options.ts';

/**
 * The scan part of the oplog writer. A scan writes rows directly to the oplog under the new version. Live operations of the entity
 * are staged meanwhile; in a refresh they go to the oplog too, and the scan leaves the documents that they change to them,
 * because what it has read may be older. Each transaction checks that the run is still current: a superseded scan (refresh, drop, lost token)
 * writes nothing more.
 */
const heldChunkRows = 10_000;

type Scan<Call extends keyof OplogWriter> = Parameters<OplogWriter[Call]>[0];

/** `pending` → `scanning`. Repeating it for a running scan changes nothing and keeps its progress. */
export async function beginScan(options: OplogWriterOptions, scan: Scan<'beginScan'>): Promise<ScanOutcome> {
  const outcome = await inScan(options, { ...scan, lifecycles: ['pending', 'scanning'] }, async (client, lifecycle) => {
    if (lifecycle === 'scanning') return;
    await markScanning(client, scan);
    await resetColumnCounts(client, scan.entityId);
    await recordStreamStatus(client, options.epoch);
  });
  if (outcome === 'ok')
    while ((await deleteHeld(options.database.pool, { entityId: scan.entityId, limit: heldChunkRows })) > 0);
  return outcome;
}

export async function appendScanPage(options: OplogWriterOptions, page: Scan<'appendScanPage'>): Promise<ScanOutcome> {
  return appendByNeed((byRow) =>
    inTransaction(options.database.pool, (client) => appendPage({ ...options, client, byRow }, page)),
  );
}

type PageRun = Omit<OplogWriterOptions, 'database'> & { readonly client: TransactionClient; readonly byRow: boolean };

async function appendPage(
  { client, epoch, byRow, deadLettersMax }: PageRun,
  page: Scan<'appendScanPage'>,
): Promise<ScanOutcome> {
  const { entityId, counts } = page;
  const targets = await beginAppend(client, { epoch, entityIds: [entityId], lock: 'update', appends: true });
  const target = targets.get(entityId);
  if (target?.lifecycle !== 'scanning' || target.runId !== page.runId) return superseded(client);
  const appending = { client, epoch, targets, byRow, deadLettersMax };
  const { operations, deadLetters } = await unchangedOf(appending, target, page);
  const refused = await copyOperations(appending, 'oplog', operations);
  await recordOutcomes(appending, { items: operations, deadLetters, refused, columnCounts: [{ entityId, counts }] });
  // Every document that was read, because the sweep's proof compares their number with that of the whole collection.
  const scanned = page.operations.length + page.counts.outside;
  await recordScanPage(client, { entityId, lastKey: page.lastKey, scanned });
  await commitAppend(client, { epoch, appended: operations.length > 0, controlChanged: false });
  return 'ok';
}

/** What the page has of documents that the stream has not changed since the scan began. */
async function unchangedOf(
  { client }: AppendingTransaction,
  target: AppendTarget,
  page: ScanPage,
): Promise<Pick<ScanPage, 'operations' | 'deadLetters'>> {
  if (!isRefreshing(target)) return page;
  const docIds = page.operations.map(({ docId }) => docId);
  const changed = await findChanged(client, { entityId: page.entityId, runId: page.runId, docIds });
  if (changed.size === 0) return page;
  const isUnchanged = ({ docId }: { docId: string }): boolean => !changed.has(docId);
  return { operations: page.operations.filter(isUnchanged), deadLetters: page.deadLetters.filter(isUnchanged) };
}

/** Changes nothing but the identity of the collection. */
export async function recordCollection(
  options: OplogWriterOptions,
  scan: Scan<'recordCollection'>,
): Promise<ScanOutcome> {
  return inScan(options, { ...scan, lifecycles: ['live'] }, (client) => markCollection(client, scan));
}

/** `scanning` → `catching-up`. */
export async function finishScan(options: OplogWriterOptions, scan: Scan<'finishScan'>): Promise<ScanOutcome> {
  return inScan(options, { ...scan, lifecycles: ['scanning'] }, (client) => markScanFinished(client, scan));
}

/** Any state of the run → `failed`; also `live`, if its source can no longer be followed. */
export async function failScan(options: OplogWriterOptions, scan: Scan<'failScan'>): Promise<ScanOutcome> {
  return inScan(options, { ...scan, lifecycles: ['pending', 'scanning', 'catching-up', 'live'] }, async (client) => {
    await markScanFailed(client, scan);
    await recordStreamStatus(client, options.epoch);
  });
}

interface ScanCheck {
  readonly entityId: number;
  readonly runId: string;
  readonly lifecycles: readonly string[];
}

async function inScan(
  options: OplogWriterOptions,
  check: ScanCheck,
  body: (client: TransactionClient, lifecycle: string) => Promise<void>,
): Promise<ScanOutcome> {
  const { database, epoch } = options;
  return inTransaction(database.pool, async (client) => {
    const targets = await beginAppend(client, { epoch, entityIds: [check.entityId], lock: 'update', appends: false });
    const target = targets.get(check.entityId);
    if (target === undefined || target.runId !== check.runId || !check.lifecycles.includes(target.lifecycle))
      return superseded(client);
    await body(client, target.lifecycle);
    await commitAppend(client, { epoch, appended: false, controlChanged: true });
    return 'ok';
  });
}

async function superseded(client: TransactionClient): Promise<'superseded'> {
  await client.query('ROLLBACK');
  return 'superseded';
}
