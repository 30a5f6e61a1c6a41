import type { z } from 'zod';
import { cacheIndexesSchema, indexProblems, normalIndexes } from './cache-index.ts';
import { shapeSchema, streamNameSchema } from './shape.ts';

/** What a request creates: a shape, the stream that is to feed the entity (absent: the default one), and the indexes that its caches begin with. */
export const newEntitySchema = shapeSchema
  .safeExtend({
    stream: streamNameSchema.exactOptional(),
    indexes: cacheIndexesSchema.exactOptional(),
  })
  .superRefine(({ indexes = [], columns }, context) => {
    for (const { path, message } of indexProblems(indexes, columns))
      context.addIssue({ code: 'custom', path: ['indexes', ...path], message });
  })
  .overwrite(({ indexes, ...shape }) =>
    indexes === undefined ? shape : { ...shape, indexes: normalIndexes(indexes, shape.columns) },
  );
/** As the schema. */
export type NewEntity = z.infer<typeof newEntitySchema>;
