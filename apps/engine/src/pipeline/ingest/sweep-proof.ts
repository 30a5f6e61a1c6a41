/**
 * Proves at the source that documents which a scan did not find are gone, before its sweep deletes them (I7). Each is looked up
 * by the `_id` that its DocID stands for, at the primary with read concern majority, no earlier than the saved position.
 */
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { keyOfDocId } from '@emcachers/core/document/doc-id-key';
import type { MongoSource } from '../change-source/change-source.ts';
import type { Namespace } from '../change-source/change-source-types.ts';
import { isReadableKey } from '../change-source/keyed-documents.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import type { ScanProof } from '../oplog/oplog-types.ts';

export interface ProofRequest {
  readonly namespace: Namespace;
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

async function lookUp(source: MongoSource, { namespace, sample, notBefore }: ProofRequest): Promise<ScanProof> {
  const keys = sample.map(keyOfDocId).filter((key): key is Uint8Array => key !== null && isReadableKey(key));
  if (keys.length === 0) return { lookedUp: 0, found: [], time: 0n };
  const { documents } = await source.readDocuments({ namespace, keys, notBefore, keysOnly: true });
  // A document may have been inserted again after the scan. Its change is then staged once the stream has passed this time.
  const time = documents.length === 0 ? 0n : await source.operationTime();
  return { lookedUp: keys.length, found: documents.map(docIdOfDocument), time };
}
