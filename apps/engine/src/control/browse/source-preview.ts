import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { PreviewView } from '@emcachers/core/api-views';
import { docIdOfDocument } from '@emcachers/core/document/doc-id';
import { DocumentError } from '@emcachers/core/document/document-error';
import { compileProjection, type Projection } from '@emcachers/core/document/projection';
import type { Shape } from '@emcachers/core/shape';
import { compileShape } from '../../pipeline/change-source/shape-projection.ts';
import { rowCells } from './row-cells.ts';

const previewRowsMax = 10;
const refusedDocIdsMax = 3;
/** Longer texts are cut: a document may have sixteen megabytes, and a preview ten of them. */
const cellCharsMax = 2_048;

/** What the preview thread is given. */
export interface PreviewCall {
  readonly shape: Shape;
  readonly maskKey: Uint8Array | null;
  readonly documents: readonly Uint8Array[];
}

const threadFile = new URL('./preview-thread.ts', import.meta.url);

/** As `previewOf`, but documents of more than `largeBytes` together are projected in a thread of their own, so that the engine goes on. */
export async function previewSample(call: PreviewCall, largeBytes: number): Promise<PreviewView> {
  const { documents } = call;
  const bytes = documents.reduce((sum, document) => sum + document.length, 0);
  if (bytes <= largeBytes) return previewOf(call);
  // Errors lose their class between threads.
  compileDraft(call);
  // Copies: a document shares its memory with the reply that it came in, which would be sent as a whole.
  const copies = documents.map((document) => Uint8Array.from(document));
  const transferList = copies.map(({ buffer }) => buffer);
  const thread = new Worker(threadFile, { name: 'preview' });
  try {
    thread.postMessage({ ...call, documents: copies } satisfies PreviewCall, transferList);
    const [preview] = (await once(thread, 'message')) as [PreviewView];
    return preview;
  } finally {
    await thread.terminate();
  }
}

/** Uses the same projection as ingest, so the preview shows the rows that would be stored, with long texts cut. */
export function previewOf(call: PreviewCall): PreviewView {
  const { shape, documents } = call;
  const { projection, matches } = compileDraft(call);
  const columns: PreviewView['columns'] = shape.columns.map(({ name }) => ({
    name,
    found: 0,
    refused: 0,
    refusedDocIds: [],
  }));
  const rows: PreviewView['rows'] = [];
  const matching = documents.filter((raw) => orNull(() => matches(raw)) ?? true);
  for (const raw of matching) {
    const outcomes = orNull(() => projection.outcomes(raw));
    if (outcomes === null) continue;
    countOutcomes({ outcomes, columns, raw });
    if (rows.length === previewRowsMax) continue;
    const data = orNull(() => projection.project(raw).data);
    if (data !== null) rows.push({ docId: docIdOfDocument(raw), cells: rowCells(data, shape.columns).map(cut) });
  }
  return { sampled: documents.length, matched: matching.length, rows, columns };
}

interface Draft {
  readonly projection: Projection;
  readonly matches: (document: Uint8Array) => boolean;
}

function compileDraft({ shape, maskKey }: PreviewCall): Draft {
  const { columns } = shape;
  const { matches } = compileShape({ columns, where: shape.where ?? null, maskKeyId: null }, { maskKey });
  return { matches, projection: compileProjection(columns, { maskKey }) };
}

function cut(text: string | null): string | null {
  return text === null || text.length <= cellCharsMax ? text : `${text.slice(0, cellCharsMax)}…`;
}

interface Counted {
  readonly outcomes: ReturnType<Projection['outcomes']>;
  readonly columns: PreviewView['columns'];
  readonly raw: Uint8Array;
}

function countOutcomes({ outcomes, columns, raw }: Counted): void {
  for (const [index, column] of columns.entries()) {
    if (outcomes[index] !== 'missing') column.found += 1;
    if (outcomes[index] !== 'refused') continue;
    column.refused += 1;
    if (column.refusedDocIds.length < refusedDocIdsMax) column.refusedDocIds.push(docIdOfDocument(raw));
  }
}

/** Null if ingest would store the document as a dead letter, or fail its entity. */
function orNull<Answer>(read: () => Answer): Answer | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof DocumentError) return null;
    throw error;
  }
}
