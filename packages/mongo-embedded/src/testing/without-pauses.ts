import type { Documents } from '../query/stages/stage.ts';

/** The documents alone. */
export function* withoutPauses(source: Documents): Iterable<Uint8Array> {
  for (const document of source) if (document !== null) yield document;
}
