/** What version 7.9 of the driver puts into a command beside what the specifications say. */
import type { Document } from 'mongodb';

/** The driver's `wtimeout` of a commit or an abort, in milliseconds. */
const WTIMEOUT_MS = 10_000;

/**
 * The command without the `wtimeout` that the driver gives to every commit and abort with a write concern, where the
 * specification of transactions wants it with a repeated commit only. A test that expects it sees it.
 */
export function withoutDriverAdditions(expected: Document, command: Document): Document {
  const { writeConcern } = command;
  const isEnd = 'commitTransaction' in command || 'abortTransaction' in command;
  const isAdded = isEnd && Number(writeConcern?.wtimeout) === WTIMEOUT_MS && !('wtimeout' in expectedConcern(expected));
  if (!isAdded) return command;
  const { wtimeout: _, ...rest } = writeConcern;
  return { ...command, writeConcern: rest };
}

function expectedConcern({ writeConcern }: Document): object {
  return typeof writeConcern === 'object' && writeConcern !== null ? writeConcern : {};
}
