import type { CompiledFilter } from '../query/filter.ts';
import { compileProjection } from '../query/projection.ts';
import type { Variables } from '../query/variables.ts';

/** A projection as a function; it evaluates the filter again if it needs the matched array position. */
export function projector(
  spec: Uint8Array,
  filter: CompiledFilter,
  variables: Variables,
): (document: Uint8Array) => Uint8Array {
  const projection = compileProjection(spec, { variables });
  if (!projection.needsPosition) return (document) => projection.apply(document);
  return (document) => projection.apply(document, filter.trace(document)?.position ?? -1);
}
