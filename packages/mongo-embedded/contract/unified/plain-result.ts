/** Turns the driver's result classes into plain documents with the field names that the unified test format uses. */
import type { BulkWriteResult, Document } from 'mongodb';

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
  if (result instanceof Map) {
    return Object.fromEntries([...result.entries()].map(([key, value]) => [String(key), plainResult(value)]));
  }
  if (typeof result === 'object' && result !== null && ('insertResults' in result || 'updateResults' in result)) {
    return Object.fromEntries(Object.entries(result as Document).map(([key, value]) => [key, plainResult(value)]));
  }
  return result;
}

/** The driver does not export the class of its bulk results as a value; this method is its own alone. */
function isBulkWriteResult(result: unknown): result is BulkWriteResult {
  return typeof result === 'object' && result !== null && 'getWriteErrors' in result;
}
