import { BsonWriter } from '../bson/bson-writer.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { documentKeyOf } from '../history/history-row.ts';
import { updateDiff } from './update-diff.ts';

const operationNames = { insert: 'i', update: 'u', replace: 'u', delete: 'd' } as const;

/**
 * A history entry as a document of `local.oplog.rs`. Each write has its own entry: those of a transaction, which mongod
 * joins in one `applyOps`, share their time.
 */
export function oplogDocument(entry: HistoryEntry): Buffer {
  const { kind, database, collection, collectionUuid, lsid, txnNumber, time, wallTimeMs } = entry;
  const isWrite = kind in operationNames;
  const writer = new BsonWriter(512 + (entry.document?.length ?? 0));
  if (lsid !== null) writer.document('lsid', lsid);
  if (txnNumber !== null) writer.int64('txnNumber', txnNumber);
  writer.string('op', isWrite ? operationNames[kind as keyof typeof operationNames] : 'c');
  writer.string('ns', `${database}.${isWrite && collection !== null ? collection : '$cmd'}`);
  if (collectionUuid !== null) writer.binary('ui', collectionUuid, 4);
  if (isWrite) writeChange(writer, entry);
  else writeCommand(writer, entry);
  writer.timestamp('ts', time).int64('t', 1).int64('v', 2).date('wall', wallTimeMs);
  return writer.finish();
}

function writeChange(writer: BsonWriter, { kind, document, documentKey, updateDescription }: HistoryEntry): void {
  const key = documentKey ?? (document === null ? null : documentKeyOf(document));
  if (kind === 'delete') {
    if (key !== null) writer.document('o', key);
    return;
  }
  if (kind === 'update' && updateDescription !== null) writer.document('o', updateDiff(updateDescription));
  else if (document !== null) writer.document('o', document);
  if (key !== null) writer.document('o2', key);
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
