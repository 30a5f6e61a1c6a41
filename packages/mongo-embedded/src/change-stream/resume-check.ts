import { Buffer } from 'node:buffer';
import { MongoFailure } from '../error/mongo-failure.ts';
import { type ResumePoint, tokenText } from './resume-token.ts';

/** What to do with an event while the resume point has not been passed. */
export type ResumeVerdict =
  | { readonly kind: 'swallow' }
  | { readonly kind: 'deliver' }
  /** The point lies between the pieces of this event: deliver those after the given one (counted from 0). */
  | { readonly kind: 'split'; readonly afterFragment: number };

/**
 * Finds the event that a stream resumes from, and proves that it was there: an event beyond the point, without the point itself
 * before it, is ChangeStreamFatalError 280. The events must be shown in order, and only those that the pipeline lets through.
 * Source: `DocumentSourceChangeStreamEnsureResumeTokenPresent` of mongodb/mongo.
 */
export class ResumeCheck {
  readonly #point: ResumePoint;
  #hasSeenPoint = false;
  #isPassed = false;

  constructor(point: ResumePoint) {
    this.#point = point;
  }

  /** Whether every further event is to be delivered. */
  get isPassed(): boolean {
    return this.#isPassed;
  }

  /** Whether the point was there: what is looked at from now on lies behind it, shown or not. */
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
