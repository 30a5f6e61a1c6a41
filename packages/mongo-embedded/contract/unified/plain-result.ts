/** Turns the driver's result classes into plain documents with the field names that the unified test format uses. */
import type { BulkWriteResult, ClientBulkWriteResult, Document } from 'mongodb';

/** Anything that is not a result class is answered as it is. */
export function plainResult(result: unknown): unknown {
  if (isBulkWriteResult(result)) {
    return {
      insertedCount: result.insertedCount,
      insertedIds: result.insertedIds,
      matchedCount: result.matchedCount,
      modifiedCount: result.modifiedCount,
      deletedCount: result.deletedCount,
      upsertedCount: result.upsertedCount,
      upsertedIds: result.upsertedIds,
    };
  }
  return isClientBulkWriteResult(result) ? plainClientResult(result) : result;
}

function plainClientResult(result: ClientBulkWriteResult): Document {
  const { insertResults, updateResults, deleteResults, ...counts } = result;
  return {
    ...counts,
    insertResults: byIndex(insertResults),
    updateResults: byIndex(updateResults),
    deleteResults: byIndex(deleteResults),
  };
}

/** `didUpsert` is the driver's own: the format tells an upsert by its `upsertedId`. */
function byIndex(results: ReadonlyMap<number, object> | undefined): Document | undefined {
  if (results === undefined) return undefined;
  return Object.fromEntries(
    [...results].map(([index, entry]) => {
      const { didUpsert: _, ...rest } = entry as Document;
      return [String(index), rest];
    }),
  );
}

/** The driver does not export the class of its bulk results as a value; this method is its own alone. */
function isBulkWriteResult(result: unknown): result is BulkWriteResult {
  return typeof result === 'object' && result !== null && 'getWriteErrors' in result;
}

function isClientBulkWriteResult(result: unknown): result is ClientBulkWriteResult {
  return typeof result === 'object' && result !== null && 'insertResults' in result && 'updateResults' in result;
}
