import { BsonWriter } from '../bson/bson-writer.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import type { StreamSpec } from './stream-spec.ts';

/**
 * Reads the current version of an updated document. Null if the document, its collection or (if required) the
 * collection with that UUID no longer exists.
 */
export type LookUpDocument = (entry: HistoryEntry, mustMatchUuid: boolean) => Uint8Array | null;

/** How to look up images, and which of them the pipeline drops anyway. */
export interface ImageRequest {
  readonly spec: StreamSpec;
  readonly lookUp: LookUpDocument;
  readonly omitted: ReadonlySet<string>;
}

const kindsWithBefore: readonly string[] = ['update', 'replace', 'delete'];

/** Whether `addImages` applies to events of this kind. */
export function wantsImages(entry: HistoryEntry, spec: StreamSpec): boolean {
  if (entry.kind === 'update' && spec.fullDocument !== 'default') return true;
  return spec.fullDocumentBeforeChange !== 'off' && kindsWithBefore.includes(entry.kind);
}

/**
 * The event with `fullDocumentBeforeChange` and `fullDocument` as the stream's options request. A required image that was not kept is
 * NoMatchingDocument 47. Source: `document_source_change_stream_add_pre_image.cpp` and `…_add_post_image.cpp` of mongodb/mongo.
 */
export function addImages(document: Uint8Array, entry: HistoryEntry, given: ImageRequest): Uint8Array {
  const writer = new BsonWriter(document.length + 1024).elements(document);
  if (kindsWithBefore.includes(entry.kind)) writeBefore(writer, entry, given);
  if (entry.kind === 'update' && !given.omitted.has('fullDocument')) writeAfter(writer, entry, given);
  return writer.finish();
}

function writeBefore(writer: BsonWriter, { preImage }: HistoryEntry, { spec, omitted }: ImageRequest): void {
  if (spec.fullDocumentBeforeChange === 'off') return;
  if (preImage === null && spec.fullDocumentBeforeChange === 'required')
    throw notFound('pre', 'update, delete and replace');
  if (!omitted.has('fullDocumentBeforeChange')) writeImage(writer, 'fullDocumentBeforeChange', preImage);
}

function writeAfter(writer: BsonWriter, entry: HistoryEntry, { spec, lookUp }: ImageRequest): void {
  switch (spec.fullDocument) {
    case 'default':
      return;
    case 'updateLookup':
      writeImage(writer, 'fullDocument', lookUp(entry, spec.matchesUuidForLookup));
      return;
    case 'required':
      if (entry.postImage === null) throw notFound('post', 'update');
      writeImage(writer, 'fullDocument', entry.postImage);
      return;
    case 'whenAvailable':
      writeImage(writer, 'fullDocument', entry.postImage);
  }
}

function writeImage(writer: BsonWriter, name: string, image: Uint8Array | null): void {
  if (image === null) writer.null(name);
  else writer.document(name, image);
}

function notFound(which: 'pre' | 'post', events: string): MongoFailure {
  return new MongoFailure(
    'NoMatchingDocument',
    `Change stream was configured to require a ${which}-image for all ${events} events, but the ${which}-image was not found for event`,
  );
}
