type Chunk = Uint8Array<ArrayBuffer>;
type Body = ReadableStream<Chunk> | null;

/**
 * A deadline for one call to the engine: for its answer, and for an event stream also for each pause between two messages. A
 * frozen engine keeps its connections open, so without a deadline nobody would learn of it.
 */
export interface AnswerDeadline {
  /** Aborts when the deadline has passed or the caller has left. */
  readonly signal: AbortSignal;
  readonly hasPassed: () => boolean;
  /** The same bytes; each chunk moves the deadline, and the end of the stream removes it. */
  readonly follow: (body: Body) => Body;
  readonly end: () => void;
}

export function createAnswerDeadline(caller: AbortSignal, answerMsMax: number): AnswerDeadline {
  const late = new AbortController();
  let timer = setTimeout(() => late.abort(), answerMsMax);
  const end = (): void => clearTimeout(timer);
  const move = (): void => {
    end();
    timer = setTimeout(() => late.abort(), answerMsMax);
  };
  caller.addEventListener('abort', end, { once: true });
  return {
    signal: AbortSignal.any([caller, late.signal]),
    hasPassed: () => late.signal.aborted,
    end,
    follow: (body) => {
      if (body === null) {
        end();
        return null;
      }
      move();
      return body.pipeThrough(
        new TransformStream<Chunk, Chunk>({
          transform: (chunk, controller) => {
            move();
            controller.enqueue(chunk);
          },
          flush: end,
        }),
      );
    },
  };
}
