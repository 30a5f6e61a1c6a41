import type { PreviewView, SampleView, SourceCollectionView } from '@emcachers/core/api-views';
import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { parseSourceName, type Shape } from '@emcachers/core/shape';
import type { MongoSource } from '../../pipeline/change-source/change-source.ts';
import type { Namespace } from '../../pipeline/change-source/change-source-types.ts';
import { isServerError, refusalCode } from '../../pipeline/change-source/stream-errors.ts';
import { createGuard } from '../../runtime/guard.ts';
import { previewSample } from './source-preview.ts';
import { describeSample } from './source-sample.ts';

/**
 * Reads collections and small samples from MongoDB for the form that defines an entity. Never writes. Throws EMC-2001
 * if MongoDB is unreachable, EMC-2007 if it refuses to read the collection.
 */
export interface SourceBrowser {
  list(): Promise<SourceCollectionView[]>;
  sample(sourceName: string): Promise<SampleView>;
  /**
   * Projects the sampled documents that pass the filter with a shape that is not an entity yet, using the engine's projection.
   * Returns the first rows. Throws EMC-2010 or EMC-2020 as the creation of the entity does.
   */
  preview(shape: Shape): Promise<PreviewView>;
}

export interface SourceBrowserDependencies {
  readonly source: MongoSource;
  readonly clock: Clock;
  /** Of the columns that are masked by a hash; null if none is set. */
  readonly maskKey: Uint8Array | null;
  /** Larger documents are projected in another thread. */
  readonly largeDocumentBytes: number;
  /** Names of the entities that copy the source. */
  readonly entitiesOf: (sourceName: string) => readonly string[];
  /** Paths of the columns of those entities that have a mask. */
  readonly maskedPathsOf: (sourceName: string) => readonly string[];
}

/** Thousands, because a type that one document in a hundred has is easily missed; the preview counts over the same ones. */
const sampleDocuments = 2_000;
/** Half of it from each end: a sample is decoded in one piece, and large documents would hold the event loop. */
const sampleBytesMax = 4_000_000;
/** Collections beyond this number are listed without an estimate, so that the list stays fast. */
const estimatesMax = 200;
const estimatesAtOnce = 8;

export function createSourceBrowser(dependencies: SourceBrowserDependencies): SourceBrowser {
  const { source, clock, maskKey, largeDocumentBytes, entitiesOf, maskedPathsOf } = dependencies;
  const guard = createGuard({ clock, faultOf: mongoFault });
  return {
    list: () =>
      guard.call(async () => {
        const namespaces = await source.listCollections();
        const estimates = await estimate(source, namespaces.slice(0, estimatesMax));
        return namespaces.map((namespace, index): SourceCollectionView => {
          const sourceName = nameOf(namespace);
          return { sourceName, estimatedDocuments: estimates[index] ?? null, entities: [...entitiesOf(sourceName)] };
        });
      }),
    sample: (sourceName) =>
      guard.call(async () =>
        describeSample(await readSample(source, sourceName, sampleDocuments), maskedPathsOf(sourceName)),
      ),
    async preview(shape) {
      const documents = await guard.call(() => readSample(source, shape.sourceName, sampleDocuments));
      return previewSample({ shape, maskKey, documents }, largeDocumentBytes);
    },
  };
}

/** MongoDB's error codes for a collection that this user may not read, and for a name that no collection can have. */
const refusals: ReadonlySet<unknown> = new Set([13, 73]);

async function readSample(source: MongoSource, sourceName: string, limit: number): Promise<readonly Uint8Array[]> {
  try {
    return withinBytes(await source.sample(parseSourceName(sourceName), limit));
  } catch (error) {
    if (!isServerError(error) || !refusals.has(error.code)) throw error;
    throw new EmcachersError({ code: refusalCode, detail: `${sourceName}: ${error.message}`, cause: error });
  }
}

/** The sample comes from both ends of the collection, and keeps documents from both. At least one of each end. */
function withinBytes(documents: readonly Uint8Array[]): readonly Uint8Array[] {
  const middle = Math.ceil(documents.length / 2);
  const first = fitting(documents.slice(0, middle));
  const last = fitting(documents.slice(middle).toReversed());
  return [...first, ...last.toReversed()];
}

function fitting(documents: readonly Uint8Array[]): readonly Uint8Array[] {
  let bytes = 0;
  const end = documents.findIndex((document) => {
    bytes += document.byteLength;
    return bytes > sampleBytesMax / 2;
  });
  return end === -1 ? documents : documents.slice(0, Math.max(1, end));
}

async function estimate(source: MongoSource, namespaces: readonly Namespace[]): Promise<(number | null)[]> {
  const estimates: (number | null)[] = [];
  for (let start = 0; start < namespaces.length; start += estimatesAtOnce) {
    const some = namespaces.slice(start, start + estimatesAtOnce);
    estimates.push(...(await Promise.all(some.map((namespace) => source.estimatedDocuments(namespace)))));
  }
  return estimates;
}

function nameOf({ database, collection }: Namespace): string {
  return `${database}.${collection}`;
}

function mongoFault(thrown: unknown): EmcachersError | null {
  // A refusal concerns one collection, and must not open the breaker for the others.
  if (thrown instanceof EmcachersError) return null;
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return new EmcachersError({ code: 'EMC-2001', detail: `MongoDB did not answer: ${words}`, cause: thrown });
}
