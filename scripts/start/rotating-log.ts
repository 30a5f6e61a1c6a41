import { closeSync, existsSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';

/** Limits of one log: `<file>` and its predecessors `<file>.1` (the newest) to `<file>.<filesKept>`. */
export interface RotatingLogLimits {
  /** A file that would become larger is closed, and the next one begins. */
  readonly fileBytesMax: number;
  /** Predecessors that are kept. */
  readonly filesKept: number;
}

export interface RotatingLog {
  /** Never throws: a full disk must not end the process that is logged. */
  write(chunk: Uint8Array | string): void;
  close(): void;
}

/**
 * A log whose newest output is always there, within a bound on the disk: the oldest file goes when another one begins. Each
 * start begins a new file. Writes are synchronous, so that files change places in order and nothing waits in memory.
 */
export function openRotatingLog(file: string, limits: RotatingLogLimits): RotatingLog {
  let descriptor: number | null = null;
  let bytes = 0;
  const close = (): void => {
    if (descriptor !== null) closeSync(descriptor);
    descriptor = null;
  };
  const begin = (): number => {
    close();
    shift(file, limits.filesKept);
    bytes = 0;
    return openSync(file, 'w');
  };
  const append = (chunk: Uint8Array): void => {
    if (descriptor === null || (bytes > 0 && bytes + chunk.length > limits.fileBytesMax)) descriptor = begin();
    writeSync(descriptor, chunk);
    bytes += chunk.length;
  };
  return {
    write(chunk) {
      try {
        append(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      } catch {
        // The next write tries again.
      }
    },
    close,
  };
}

/** Does nothing without a newest file, so that a folder that refuses new files keeps its old ones. */
function shift(file: string, filesKept: number): void {
  if (!existsSync(file)) return;
  rmSync(`${file}.${filesKept}`, { force: true });
  for (let index = filesKept - 1; index >= 0; index -= 1) {
    const from = index === 0 ? file : `${file}.${index}`;
    if (existsSync(from)) renameSync(from, `${file}.${index + 1}`);
  }
}
