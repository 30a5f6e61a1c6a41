import { keyOfDocId } from '@emcachers/core/document/doc-id-key';
import { shownRow } from '@emcachers/core/document/shown-row';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { SourceSide } from '@emcachers/core/row-explanation';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { MongoSource } from '../../pipeline/change-source/change-source.ts';
import { isReadableKey } from '../../pipeline/change-source/keyed-documents.ts';
import { type LargeDocumentOptions, LargeDocuments } from '../../pipeline/change-source/large-documents.ts';
import { toStreamError } from '../../pipeline/change-source/stream-errors.ts';
import { compileRoute, type Route } from '../../pipeline/change-source/to-operation.ts';
import { rowCells } from '../browse/row-cells.ts';

/** What MongoDB has of some documents, by DocID. */
export interface SourceReading {
  readonly sides: ReadonlyMap<string, SourceSide>;
  /** No document was read in a later state than that of this operation time; null if nothing was read. */
  readonly time: bigint | null;
}

export interface RowSourceDependencies {
  readonly source: Pick<MongoSource, 'operationTime' | 'readDocuments'>;
  readonly projection: LargeDocumentOptions;
}

/** Reads documents one by one, so that each fits in a reply, and projects them as ingest does. Never rejects: what fails is `unknown`. */
export async function readRowSource(
  { source, projection }: RowSourceDependencies,
  entity: EntityRecord,
  docIds: readonly string[],
): Promise<SourceReading> {
  const sides = new Map<string, SourceSide>();
  try {
    await using large = new LargeDocuments(projection);
    const route = compileRoute(entity, projection);
    const notBefore = await source.operationTime();
    for (const docId of docIds) sides.set(docId, await readSide({ source, large, route, notBefore }, docId));
    return { sides, time: await source.operationTime() };
  } catch (error) {
    const reason = reasonOf(toStreamError(error));
    return { sides: new Map(docIds.map((docId) => [docId, unknown(reason)])), time: null };
  }
}

interface Reading extends Pick<RowSourceDependencies, 'source'> {
  readonly large: LargeDocuments;
  readonly route: Route;
  readonly notBefore: bigint;
}

async function readSide({ source, large, route, notBefore }: Reading, docId: string): Promise<SourceSide> {
  const key = keyOfDocId(docId);
  if (key === null || !isReadableKey(key))
    return unknown('The _id cannot be derived from the DocID. Ask with the _id as it is written in JSON.');
  const { namespace } = route;
  const { documents } = await source.readDocuments({ namespace, keys: [key], notBefore, keysOnly: false });
  if (documents.length === 0) return { state: 'absent', row: null, reason: null };
  const { conversion } = await large.convertPage(documents, route, { outside: 'delete' });
  const [letter] = conversion.deadLetters;
  if (letter !== undefined) return { state: 'refused', row: null, reason: letter.reason };
  const data = conversion.items[0]?.data ?? null;
  if (data === null) return { state: 'outside', row: null, reason: null };
  return { state: 'found', row: shownRow(rowCells(data, route.shape.columns)), reason: null };
}

function unknown(reason: string): SourceSide {
  return { state: 'unknown', row: null, reason };
}

function reasonOf(error: unknown): string {
  if (error instanceof EmcachersError) return error.detail;
  return error instanceof Error ? error.message : String(error);
}
