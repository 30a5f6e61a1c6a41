import type { EntityView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { defaultStreamName } from '@emcachers/core/shape';
import { plainNumbers } from './filter-text.ts';

type Defined = Pick<EntityView, 'entityName' | 'sourceName' | 'stream' | 'columns' | 'where' | 'indexes'>;

/** The request that creates the same entity once more. */
export function definitionOf({ entityName, sourceName, stream, columns, where, indexes }: Defined): NewEntity {
  return {
    ...{ entityName, sourceName, columns },
    ...(where === null ? {} : { where: plainNumbers(where) }),
    ...(indexes.length === 0 ? {} : { indexes: indexes.map((index) => ({ columns: index.columns })) }),
    ...(stream === defaultStreamName ? {} : { stream }),
  };
}
