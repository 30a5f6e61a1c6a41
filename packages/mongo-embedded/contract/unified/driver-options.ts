/** Translates option documents of the unified test format to what the Node.js driver takes. */
import { type Document, ReadConcern, type ReadConcernLike, ReadPreference } from 'mongodb';

function toReadConcern(value: unknown): { readConcern?: ReadConcern } {
  if (value === undefined) return {};
  const readConcern = ReadConcern.fromOptions({ readConcern: value as ReadConcernLike });
  return readConcern === undefined ? {} : { readConcern };
}

function toReadPreference(value: unknown): { readPreference?: ReadPreference } {
  if (value === undefined) return {};
  const { mode, tagSets, maxStalenessSeconds, hedge } = value as Document;
  const options = {
    ...(maxStalenessSeconds === undefined ? {} : { maxStalenessSeconds }),
    ...(hedge === undefined ? {} : { hedge }),
  };
  return { readPreference: new ReadPreference(decapitalized(mode), tagSets, options) };
}

/** The options with their read concern and read preference as the driver's own; all others, timeoutMS too, stay. */
export function toConcerns(value: unknown): Document {
  const { readConcern, readPreference, ...rest } = (value ?? {}) as Document;
  return { ...rest, ...toReadConcern(readConcern), ...toReadPreference(readPreference) };
}

export function toSessionOptions(value: unknown): Document {
  const { defaultTransactionOptions, ...rest } = (value ?? {}) as Document;
  if (defaultTransactionOptions === undefined) return rest;
  return { ...rest, defaultTransactionOptions: toConcerns(defaultTransactionOptions) };
}

function decapitalized(mode: unknown): ReadPreference['mode'] {
  const text = String(mode);
  return (text.charAt(0).toLowerCase() + text.slice(1)) as ReadPreference['mode'];
}
