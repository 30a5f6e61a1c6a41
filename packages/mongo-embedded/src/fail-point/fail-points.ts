import type { Document } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';

/** The effect of `failCommand` on a matching command. Source: `src/mongo/db/commands.cpp`, "failCommand". */
export interface FailCommand {
  readonly errorCode: number | null;
  readonly errorLabels: readonly string[] | null;
  readonly closesConnection: boolean;
  readonly blockMs: number;
  readonly writeConcernError: Document | null;
}

interface FailPoint {
  readonly mode: Mode;
  readonly commands: ReadonlySet<string>;
  readonly applicationName: string | null;
  readonly namespace: string | null;
  readonly effect: FailCommand;
}

type Mode =
  | { kind: 'always' }
  | { kind: 'times'; left: number }
  | { kind: 'skip'; left: number }
  | { kind: 'random'; probability: number };

/** Commands that the fail point never affects, so that it can always be turned off. */
const exempt: ReadonlySet<string> = new Set(['configureFailPoint', 'getParameter', 'setParameter']);

function parseMode(mode: unknown): Mode | null {
  if (mode === 'off') return null;
  if (mode === 'alwaysOn') return { kind: 'always' };
  if (typeof mode === 'object' && mode !== null) return parseModeDocument(mode as Record<string, unknown>);
  throw unknownMode(mode);
}

function parseModeDocument(mode: Record<string, unknown>): Mode | null {
  const { times, skip, activationProbability } = mode;
  if (typeof times === 'number') return times > 0 ? { kind: 'times', left: times } : null;
  if (typeof skip === 'number') return { kind: 'skip', left: skip };
  if (typeof activationProbability === 'number') return { kind: 'random', probability: activationProbability };
  throw unknownMode(mode);
}

function unknownMode(mode: unknown): MongoFailure {
  return new MongoFailure('BadValue', `unknown mode: ${String(mode)}`);
}

/** An error code as a reply carries it: an int32. */
function errorCodeOf(code: unknown): number | null {
  if (typeof code !== 'number') return null;
  if (code === (code | 0)) return code;
  throw new MongoFailure('BadValue', 'the error code of a fail point must be an int');
}

function parseFailCommand(data: Document): Omit<FailPoint, 'mode'> {
  const isBlocking = data['blockConnection'] === true;
  if (isBlocking && typeof data['blockTimeMS'] !== 'number') {
    throw new MongoFailure('InvalidOptions', 'blockTimeMS must be provided when blockConnection is true');
  }
  return {
    commands: new Set(Array.isArray(data['failCommands']) ? data['failCommands'].map(String) : []),
    applicationName: typeof data['appName'] === 'string' ? data['appName'] : null,
    namespace: typeof data['namespace'] === 'string' ? data['namespace'] : null,
    effect: {
      errorCode: errorCodeOf(data['errorCode']),
      errorLabels: Array.isArray(data['errorLabels']) ? data['errorLabels'].map(String) : null,
      closesConnection: data['closeConnection'] === true,
      blockMs: isBlocking ? Number(data['blockTimeMS']) : 0,
      writeConcernError: (data['writeConcernError'] as Document | undefined) ?? null,
    },
  };
}

function parseEffect(name: string, data: Document): Omit<FailPoint, 'mode'> {
  const parsed = parseFailCommand(data);
  if (name === failGetMore) return { ...parsed, commands: new Set(['getMore']) };
  if (name === 'failCommand') return parsed;
  const code: unknown = data['failBeforeCommitExceptionCode'];
  const closesConnection = data['closeConnection'] !== false;
  return {
    ...parsed,
    commands: new Set(['']),
    effect: { ...parsed.effect, errorCode: errorCodeOf(code), closesConnection },
  };
}

/** The command being run and its client. */
export interface FailPointCall {
  readonly command: string;
  readonly applicationName: string | null;
  readonly namespace: string;
}

/**
 * Fails every getMore. Unlike `failCommand` it fires after the cursor lookup, so change-stream error labels are
 * added.
 */
const failGetMore = 'failGetMoreAfterCursorCheckout';

/**
 * Affects retryable writes: with `failBeforeCommitExceptionCode` it fails them before they are applied, else it
 * closes the connection afterwards.
 */
const failRetryableWrite = 'onPrimaryTransactionalWrite';

const known: ReadonlySet<string> = new Set(['failCommand', failGetMore, failRetryableWrite]);

/**
 * The fail points that the drivers' published tests and the engine's fault tests use. Always enabled, since this
 * server is for tests and development.
 */
export class FailPoints {
  readonly #points = new Map<string, FailPoint>();
  readonly #timesEntered = new Map<string, number>();

  /** Sets a fail point from the command's document. Returns how often it has been entered. */
  configure(command: Document): number {
    const name = String(command['configureFailPoint']);
    if (!known.has(name)) {
      throw new MongoFailure('FailPointSetFailed', `failpoint '${name}' not found`);
    }
    const mode = parseMode(command['mode']);
    const data: unknown = command['data'] ?? {};
    if (typeof data !== 'object' || data === null) throw new MongoFailure('TypeMismatch', "'data' must be an object");
    this.#points.delete(name);
    if (mode !== null) {
      this.#points.set(name, { mode, ...parseEffect(name, data) });
    }
    return this.#timesEntered.get(name) ?? 0;
  }

  /** Whether any fail point is on; where none is, calls need not be described. */
  get isAnySet(): boolean {
    return this.#points.size > 0;
  }

  /** The effect of `failCommand` on this call, or null. Counts the call. */
  hit(call: FailPointCall): FailCommand | null {
    return exempt.has(call.command) ? null : this.#hit('failCommand', call);
  }

  /** The effect of `failGetMoreAfterCursorCheckout` on this getMore, or null. Counts the call. */
  hitGetMore(call: FailPointCall): FailCommand | null {
    return this.#hit(failGetMore, call);
  }

  /** The effect of `onPrimaryTransactionalWrite` on this retryable write, or null. Counts the call. */
  hitRetryableWrite(): FailCommand | null {
    if (this.#points.size === 0) return null;
    return this.#hit(failRetryableWrite, { command: '', applicationName: null, namespace: '' });
  }

  #hit(name: string, call: FailPointCall): FailCommand | null {
    const point = this.#points.get(name);
    if (point === undefined || !covers(point, call) || !isDue(point.mode)) return null;
    if (point.mode.kind === 'times' && point.mode.left === 0) this.#points.delete(name);
    this.#timesEntered.set(name, (this.#timesEntered.get(name) ?? 0) + 1);
    return point.effect;
  }
}

/** Whether the fail point is set for the call's command, application and namespace. */
function covers({ commands, applicationName, namespace }: FailPoint, call: FailPointCall): boolean {
  if (!commands.has(call.command)) return false;
  if (applicationName !== null && applicationName !== call.applicationName) return false;
  return namespace === null || namespace === call.namespace;
}

/** Whether a covered call hits the fail point now. Counts the call. */
function isDue(mode: Mode): boolean {
  switch (mode.kind) {
    case 'always':
      return true;
    case 'times':
      mode.left -= 1;
      return true;
    case 'skip':
      mode.left -= 1;
      return mode.left < 0;
    case 'random':
      return Math.random() < mode.probability;
  }
}
