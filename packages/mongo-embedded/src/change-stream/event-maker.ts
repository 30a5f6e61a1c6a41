import { documentValue } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { HistoryEntry } from '../history/history-entry.ts';
import { fieldOf, nameBytes } from '../query/raw-document.ts';
import { isSameValue } from '../query/update/document-diff.ts';
import { type ChangeEvent, eventOf } from './change-event.ts';
import { addImages, type LookUpDocument, wantsImages } from './event-images.ts';
import type { EventPipeline } from './event-pipeline.ts';
import type { StreamSpec } from './stream-spec.ts';

const idName = nameBytes('_id');

/** Builds the event that a client sees for an entry: serializes it, filters it, adds images and runs the pipeline. */
export class EventMaker {
  readonly #spec: StreamSpec;
  readonly #pipeline: EventPipeline;
  readonly #lookUp: LookUpDocument;

  constructor(given: { readonly spec: StreamSpec; readonly pipeline: EventPipeline; readonly lookUp: LookUpDocument }) {
    this.#spec = given.spec;
    this.#pipeline = given.pipeline;
    this.#lookUp = given.lookUp;
  }

  /** Null when the pipeline drops the event. */
  make(entry: HistoryEntry): ChangeEvent | null {
    const { namespaceFilters, earlyFilters, omitted } = this.#pipeline;
    for (const filter of namespaceFilters) if (!filter.matches(entry)) return null;
    const event = eventOf(entry, { showsExpandedEvents: this.#spec.showsExpandedEvents, omitted });
    for (const filter of earlyFilters) if (!filter.matches(event.document)) return null;
    const { steps } = this.#pipeline;
    if (!wantsImages(entry, this.#spec)) return transformed(event, steps);
    const document = addImages(event.document, entry, { spec: this.#spec, lookUp: this.#lookUp, omitted });
    return transformed({ ...event, document }, steps);
  }

  /** Applies the pipeline to an event built elsewhere. */
  filtered(event: ChangeEvent): ChangeEvent | null {
    for (const filter of this.#pipeline.leadingFilters) if (!filter.matches(event.document)) return null;
    return transformed(event, this.#pipeline.wholeSteps);
  }
}

function transformed(event: ChangeEvent, steps: EventPipeline['steps']): ChangeEvent | null {
  if (steps.length === 0) return event;
  let document: Uint8Array | undefined = event.document;
  for (const step of steps) {
    document = step(document);
    if (document === undefined) return null;
  }
  refuseOtherId(event.document, document);
  return { ...event, document };
}

function refuseOtherId(before: Uint8Array, after: Uint8Array): void {
  const [wanted, found] = [fieldOf(documentValue(before), idName), fieldOf(documentValue(after), idName)];
  if (wanted !== undefined && found !== undefined && isSameValue(wanted, found)) return;
  throw new MongoFailure(
    'ChangeStreamFatalError',
    'Encountered an event whose _id field, which contains the resume token, was modified by the pipeline. Modifying the _id field of an event makes it impossible to resume the stream from that point. Only transformations that retain the unmodified _id field are allowed.',
  );
}
