import { maskKeyId } from '@emcachers/core/document/masked-value';
import type { NewEntity } from '@emcachers/core/new-entity';
import type { EntityToStore } from '@emcachers/db/control/entities';
import { canonicalFilter } from '../../pipeline/change-source/document-filter.ts';
import { compileShape } from '../../pipeline/change-source/shape-projection.ts';

/**
 * A shape as it is stored: its filter with the BSON type of every value, and the id of the key of its hashes. Throws EMC-2010 if
 * the filter is none, EMC-2020 if a column is masked by a hash and there is no key.
 */
export function storedShape({ where, ...shape }: NewEntity, maskKey: Uint8Array | null): EntityToStore {
  const isHashed = shape.columns.some(({ mask }) => mask?.kind === 'hash');
  const keyId = isHashed && maskKey !== null ? maskKeyId(maskKey) : null;
  const filter = where === undefined ? null : canonicalFilter(where);
  compileShape({ columns: shape.columns, where: filter, maskKeyId: keyId }, { maskKey });
  return { ...shape, ...(filter === null ? {} : { where: filter }), maskKeyId: keyId };
}
