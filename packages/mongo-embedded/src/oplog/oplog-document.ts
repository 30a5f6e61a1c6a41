import { BsonWriter } from '../bson/bson-writer.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { documentKeyOf } from '../history/history-row.ts';
import { updateDiff } from './update-diff.ts';

const operationNames: ReadonlyMap<string, string> = new Map([
  ['insert', 'i'],
  ['update', 'u'],
  ['replace', 'u'],
  ['delete', 'd'],
]);

/**
 * A history entry as a document of `local.oplog.rs`. Each write has its own entry: those of a transaction, which mongod
 * joins in one `applyOps`, share their time.
 */
export function oplogDocument(entry: HistoryEntry): Buffer {
  const { kind, database, collection, collectionUuid, lsid, txnNumber, time, wallTimeMs } = entry;
  const operation = operationNames.get(kind);
  const writer = new BsonWriter(512 + (entry.document?.length ?? 0));
  if (lsid !== null) writer.document('lsid', lsid);
  if (txnNumber !== null) writer.int64('txnNumber', txnNumber);
  writer.string('op', operation ?? 'c').string('ns', `${database}.${operation === undefined ? '$cmd' : collection}`);
  if (collectionUuid !== null) writer.binary('ui', collectionUuid, 4);
  if (operation === undefined) writeCommand(writer, entry);
  else writeChange(writer, entry);
  writer.timestamp('ts', time).int64('t', 1).int64('v', 2).date('wall', wallTimeMs);
  return writer.finish();
}

function writeChange(writer: BsonWriter, entry: HistoryEntry): void {
  const key = entry.documentKey ?? (entry.document === null ? null : documentKeyOf(entry.document));
  const change = entry.kind === 'delete' ? key : changeOf(entry);
  if (change !== null) writer.document('o', change);
  if (key !== null && entry.kind !== 'delete') writer.document('o2', key);
}

function changeOf({ kind, document, updateDescription }: HistoryEntry): Uint8Array | null {
  return kind === 'update' && updateDescription !== null ? updateDiff(updateDescription) : document;
}

const commandNames: Readonly<Record<string, string>> = { rename: 'renameCollection', modify: 'collMod' };

function writeCommand(writer: BsonWriter, entry: HistoryEntry): void {
  const { kind, database, collection, renameTo, operationDescription } = entry;
  const name = commandNames[kind] ?? kind;
  writer.beginDocument('o');
  if (collection === null) writer.int32(name, 1);
  else writer.string(name, renameTo === null ? collection : `${database}.${collection}`);
  if (renameTo !== null) writer.string('to', `${renameTo.database}.${renameTo.collection}`);
  if (operationDescription !== null && renameTo === null) writer.elements(operationDescription);
  writer.end();
}
