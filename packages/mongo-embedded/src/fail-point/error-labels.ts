import { errorCodes } from '../error/error-codes.ts';

const { HostUnreachable, HostNotFound, NetworkTimeout, ShutdownInProgress, PrimarySteppedDown, ExceededTimeLimit } =
  errorCodes;
const { SocketException, NotWritablePrimary, InterruptedAtShutdown, InterruptedDueToReplStateChange } = errorCodes;
const {
  NotPrimaryNoSecondaryOk,
  NotPrimaryOrSecondary,
  WriteConflict,
  LockTimeout,
  NoSuchTransaction,
  SnapshotUnavailable,
} = errorCodes;
const { RetryChangeStream, ChangeStreamFatalError, ChangeStreamHistoryLost, NoMatchingDocument } = errorCodes;

/** `RetriableError` of `src/mongo/base/error_codes.yml`. */
const retriable: ReadonlySet<number> = new Set([
  HostUnreachable,
  HostNotFound,
  NetworkTimeout,
  ShutdownInProgress,
  PrimarySteppedDown,
  ExceededTimeLimit,
  SocketException,
  NotWritablePrimary,
  InterruptedAtShutdown,
  InterruptedDueToReplStateChange,
  NotPrimaryNoSecondaryOk,
  NotPrimaryOrSecondary,
]);

/** Added to the retriable ones for change streams: `ResumableChangeStreamError` of the same file. */
const resumable: ReadonlySet<number> = new Set([...retriable, RetryChangeStream, 63, 150, 13388, 133, 134]);

/** Errors after which a stream cannot be resumed. */
const fatalToStreams: ReadonlySet<number> = new Set([
  ChangeStreamFatalError,
  ChangeStreamHistoryLost,
  NoMatchingDocument,
]);

const transient: ReadonlySet<number> = new Set([
  WriteConflict,
  LockTimeout,
  NoSuchTransaction,
  SnapshotUnavailable,
  267,
]);

/** The inputs besides the code that determine the labels. */
export interface FailedCall {
  readonly command: string;
  readonly isInTransaction: boolean;
  /** The command carries a txnNumber outside of a transaction. */
  readonly isRetryableWrite: boolean;
  /** `aggregate` that opens, or `getMore` that continues, a change stream. */
  readonly isChangeStream: boolean;
  readonly hasWriteConcernError: boolean;
}

interface LabelRule {
  readonly label: string;
  readonly applies: (code: number, call: FailedCall) => boolean;
}

/** In the order of the reply. */
const labelRules: readonly LabelRule[] = [
  { label: 'TransientTransactionError', applies: (code, call) => call.isInTransaction && isTransient(code, call) },
  {
    label: 'RetryableWriteError',
    applies: (code, call) => (call.isRetryableWrite || endsTransaction(call)) && retriable.has(code),
  },
  { label: 'ResumableChangeStreamError', applies: (code, call) => call.isChangeStream && resumable.has(code) },
  { label: 'NonResumableChangeStreamError', applies: (code, call) => call.isChangeStream && fatalToStreams.has(code) },
];

/** The `errorLabels` that mongod itself adds. Source: `src/mongo/db/error_labels.cpp`. */
export function errorLabelsFor(code: number, call: FailedCall): string[] {
  return labelRules.filter(({ applies }) => applies(code, call)).map(({ label }) => label);
}

function endsTransaction({ command }: FailedCall): boolean {
  return command === 'commitTransaction' || command === 'abortTransaction';
}

function isTransient(code: number, call: FailedCall): boolean {
  if (call.hasWriteConcernError) return false;
  return transient.has(code) || (!endsTransaction(call) && retriable.has(code));
}
