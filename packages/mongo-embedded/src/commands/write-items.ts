import type { BsonWriter } from '../bson/bson-writer.ts';
import type { MongoFailure } from '../error/mongo-failure.ts';

/** One failed item of a write command. */
export interface WriteError {
  readonly index: number;
  readonly failure: MongoFailure;
}

/** Appends `writeErrors` in mongod's layout, if there are any. */
export function appendWriteErrors(writer: BsonWriter, errors: readonly WriteError[]): BsonWriter {
  if (errors.length === 0) return writer;
  writer.beginArray('writeErrors');
  errors.forEach(({ index, failure }, position) => {
    writer.beginDocument(String(position)).int32('index', index).int32('code', failure.code);
    failure.appendDetails(writer).string('errmsg', failure.message).end();
  });
  return writer.end();
}
