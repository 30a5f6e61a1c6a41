import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { sessionKey } from './session-table.ts';

/** The validated session fields of one call. */
export interface CallSession {
  /** Raw `{ id }`, or null outside of a session. */
  readonly lsid: Buffer | null;
  readonly txnNumber: bigint | null;
  /** Part of a multi-document transaction (`autocommit: false`). */
  readonly isInTransaction: boolean;
  readonly startsTransaction: boolean;
}

/**
 * Reads `lsid`, `txnNumber`, `autocommit` and `startTransaction`. Throws InvalidOptions 72 if they contradict each
 * other.
 */
export function readCallSession(body: CommandBody): CallSession {
  const lsid = body.document('lsid') ?? null;
  if (lsid !== null) sessionKey(lsid);
  const txnNumber = body.int64('txnNumber') ?? null;
  const autocommit = body.boolean('autocommit');
  const startTransaction = body.boolean('startTransaction');
  checkNumber(txnNumber, lsid);
  checkTransaction(txnNumber, autocommit, startTransaction);
  return { lsid, txnNumber, isInTransaction: autocommit === false, startsTransaction: startTransaction === true };
}

function checkNumber(txnNumber: bigint | null, lsid: Buffer | null): void {
  if (txnNumber !== null && lsid === null) {
    throw new MongoFailure('InvalidOptions', 'Transaction number requires a session ID to also be specified');
  }
  if (txnNumber !== null && txnNumber < 0n)
    throw new MongoFailure('InvalidOptions', 'Transaction number cannot be negative');
}

function checkTransaction(
  txnNumber: bigint | null,
  autocommit: boolean | undefined,
  startTransaction: boolean | undefined,
): void {
  if (autocommit !== undefined && txnNumber === null) {
    throw new MongoFailure('InvalidOptions', "'autocommit' field requires a transaction number to also be specified");
  }
  if (autocommit === true) throw new MongoFailure('InvalidOptions', 'Specifying autocommit=true is not allowed.');
  if (startTransaction !== undefined && autocommit === undefined) {
    throw new MongoFailure(
      'InvalidOptions',
      "'startTransaction' field requires 'autocommit' field to also be specified",
    );
  }
  if (startTransaction === false)
    throw new MongoFailure('InvalidOptions', 'Specifying startTransaction=false is not allowed.');
}
