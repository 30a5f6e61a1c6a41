import { Buffer } from 'node:buffer';
import { MongoFailure } from '../error/mongo-failure.ts';
import { type ResumePoint, tokenText } from './resume-token.ts';

/** What to do with an event while the resume point has not been passed. */
export type ResumeVerdict =
  | { readonly kind: 'swallow' }
  | { readonly kind: 'deliver' }
  /** The resume point lies between fragments of this event: deliver the fragments after the given one (zero-based). */
  | { readonly kind: 'split'; readonly afterFragment: number };

/**
 * Finds the event that a stream resumes from and verifies that it exists: an event past the resume point without the
 * point itself before it is ChangeStreamFatalError 280. Call it in order, with only the events that pass the
 * pipeline. Source: `DocumentSourceChangeStreamEnsureResumeTokenPresent` of mongodb/mongo.
 */
export class ResumeCheck {
  readonly #point: ResumePoint;
  #hasSeenPoint = false;
  #isPassed = false;

  constructor(point: ResumePoint) {
    this.#point = point;
  }

  /** Whether every further event is delivered. */
  get isPassed(): boolean {
    return this.#isPassed;
  }

  /** Whether the resume point was found: every entry examined from now on lies after it. */
  get isFound(): boolean {
    return this.#hasSeenPoint;
  }

  check(token: Buffer): ResumeVerdict {
    const { bytes } = this.#point;
    if (bytes.length > token.length && bytes.subarray(0, token.length).equals(token)) return this.#split(token.length);
    const order = Buffer.compare(token, bytes);
    if (order > 0) {
      if (!this.#hasSeenPoint) throw notFound(token);
      this.#isPassed = true;
      return { kind: 'deliver' };
    }
    if (order === 0) this.#hasSeenPoint = true;
    return { kind: 'swallow' };
  }

  #split(length: number): ResumeVerdict {
    this.#hasSeenPoint = true;
    this.#isPassed = true;
    return { kind: 'split', afterFragment: readFragment(this.#point.bytes.subarray(length)) };
  }
}

function readFragment(bytes: Buffer): number {
  if (bytes.length === 1) return 0;
  return bytes.readUIntBE(1, bytes.length - 1) / 2;
}

function notFound(token: Buffer): MongoFailure {
  return new MongoFailure(
    'ChangeStreamFatalError',
    `cannot resume stream; the resume token was not found. {_data: "${tokenText(token)}"}`,
  );
}
