import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { parseSourceName } from '@emcachers/core/shape';
import type { MongoSource } from '../change-source/change-source.ts';
import { toStreamError } from '../change-source/stream-errors.ts';

export interface FindRequest {
  readonly sourceName: string;
  /** Raw `{ _id }` documents. */
  readonly keys: readonly Uint8Array[];
  readonly signal: AbortSignal;
}

/** DocIDs of those documents that the source has, as a majority of its members knows it. Throws EMC-200x. */
export type FindDocuments = (request: FindRequest) => Promise<readonly string[]>;

const keysPerReadMax = 200;

export function createFindDocuments(source: Pick<MongoSource, 'readDocuments' | 'operationTime'>): FindDocuments {
  return async ({ sourceName, keys, signal }) => {
    const namespace = parseSourceName(sourceName);
    const found: string[] = [];
    try {
      const notBefore = await source.operationTime();
      for (let start = 0; start < keys.length; start += keysPerReadMax) {
        signal.throwIfAborted();
        const some = keys.slice(start, start + keysPerReadMax);
        // A reply with only _ids holds all of them: an _id has at most some kilobytes in an index.
        const { documents } = await source.readDocuments({ namespace, keys: some, notBefore, keysOnly: true });
        found.push(...documents.map(docIdOfDocument));
      }
    } catch (error) {
      throw toStreamError(error);
    }
    return found;
  };
}
