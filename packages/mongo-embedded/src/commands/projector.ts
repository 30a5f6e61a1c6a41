import type { CompiledFilter } from '../query/filter.ts';
import { compileProjection } from '../query/projection.ts';
import type { Variables } from '../query/variables.ts';

/**
 * A projection as a function; it evaluates the filter again if it needs the matched array position. Null if there is no
 * projection, or an empty one: the documents stay as they are.
 */
export function projector(
  spec: Uint8Array | undefined,
  filter: CompiledFilter,
  variables: Variables,
): ((document: Uint8Array) => Uint8Array) | null {
  if (spec === undefined || spec.length === 5) return null;
  const projection = compileProjection(spec, { variables });
  if (!projection.needsPosition) return (document) => projection.apply(document);
  return (document) => projection.apply(document, filter.trace(document)?.position ?? -1);
}
