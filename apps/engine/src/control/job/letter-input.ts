import { z } from 'zod';

/** Which dead letters a job concerns; all of the entity if `docIds` is absent. */
export const letterInput = {
  docIds: z.array(z.string().min(1).max(2_000)).min(1, 'Name at least one document.').max(500).exactOptional(),
};
