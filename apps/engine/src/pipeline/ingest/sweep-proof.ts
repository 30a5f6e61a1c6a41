/**
 * Proves at the source that documents which a scan did not find are gone, before its sweep deletes them (I7). Each is looked up
 * by the `_id` that its DocID stands for, at the primary with read concern majority, no earlier than the saved position. With a
 * filter, a document that is outside of it is as good as gone; so the documents are read, and the engine's own filter decides.
 */
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { keyOfDocId } from '@emcachers/core/document/doc-id-key';
import type { MongoSource } from '../change-source/change-source.ts';
import { isReadableKey } from '../change-source/keyed-documents.ts';
import type { Route } from '../change-source/to-operation.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { ScanProof } from '../oplog/oplog-types.ts';

export interface ProofRequest {
  readonly route: Pick<Route, 'namespace' | 'shape' | 'projection'>;
  readonly sample: readonly string[];
  readonly notBefore: bigint;
}

/** What the source says about the samples of the runs that are being promoted. */
export class SweepProof {
  readonly #source: MongoSource;
  readonly #writer: OplogWriter;
  /** By run. A proof is kept while the stream has not passed its time. */
  readonly #proofs = new Map<string, ScanProof>();

  constructor({ source, writer }: { readonly source: MongoSource; readonly writer: OplogWriter }) {
    this.#source = source;
    this.#writer = writer;
  }

  async prove(
    run: { entityId: number; runId: string },
    request: ProofRequest,
  ): Promise<'moved' | 'waiting' | 'superseded'> {
    const proof = this.#proofs.get(run.runId) ?? (await lookUp(this.#source, request));
    this.#proofs.set(run.runId, proof);
    const outcome = await this.#writer.proveScan({ ...run, ...proof });
    if (outcome === 'waiting') return outcome;
    this.#proofs.delete(run.runId);
    return outcome === 'proven' ? 'moved' : outcome;
  }
}

async function lookUp(source: MongoSource, { route, sample, notBefore }: ProofRequest): Promise<ScanProof> {
  const keys = sample.map(keyOfDocId).filter((key): key is Uint8Array => key !== null && isReadableKey(key));
  if (keys.length === 0) return { lookedUp: 0, found: [], time: 0n };
  const found = await findCopied(source, route, { keys, notBefore });
  // A document may have been inserted again after the scan. Its change is then staged once the stream has passed this time.
  const time = found.length === 0 ? 0n : await source.operationTime();
  return { lookedUp: keys.length, found, time };
}

/** DocIDs of those documents that the source has and the filter lets through. */
async function findCopied(
  source: MongoSource,
  { namespace, shape, projection }: ProofRequest['route'],
  { keys, notBefore }: { readonly keys: readonly Uint8Array[]; readonly notBefore: bigint },
): Promise<readonly string[]> {
  const keysOnly = shape.where === null;
  const found: string[] = [];
  for (let pending = keys; pending.length > 0; ) {
    const { documents, isComplete } = await source.readDocuments({ namespace, keys: pending, notBefore, keysOnly });
    found.push(...documents.filter((document) => keysOnly || isCopied(projection, document)).map(docIdOfDocument));
    if (isComplete) break;
    const seen = new Set(documents.map(docIdOfDocument));
    pending = pending.filter((key) => !seen.has(docIdOfDocument(key)));
  }
  return found;
}

/** A document that the filter cannot read is no reason to delete its row. */
function isCopied(projection: Pick<Route['projection'], 'matches'>, document: Uint8Array): boolean {
  try {
    return projection.matches(document);
  } catch {
    return true;
  }
}
