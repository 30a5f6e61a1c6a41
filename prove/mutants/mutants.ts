import { cacheMutants } from './list/caches.ts';
import { changeSourceMutants } from './list/change-source.ts';
import { clientMutants } from './list/client.ts';
import { ingestMutants } from './list/ingest.ts';
import { oplogMutants } from './list/oplog.ts';
import { shapeMutants } from './list/shapes.ts';
import { streamMutants } from './list/streams.ts';
import type { Mutant } from './mutant.ts';

/** All mutants, by number; a letter marks a variant of the same fault, X those that are in no published list. */
export const mutants: readonly Mutant[] = [
  ...changeSourceMutants,
  ...ingestMutants,
  ...oplogMutants,
  ...cacheMutants,
  ...clientMutants,
  ...streamMutants,
  ...shapeMutants,
].toSorted((left, right) => left.id.localeCompare(right.id, 'en', { numeric: true }));
