import { z } from 'zod';

/**
 * - `create`: the entity does not exist.
 * - `set-indexes`: it exists with this shape and other indexes.
 * - `change-shape`: it exists with another shape.
 * - `delete`: it exists and is not described; only planned if asked for.
 * - `none`: it is as described.
 */
export const planActions = ['create', 'set-indexes', 'change-shape', 'delete', 'none'] as const;

export const planStepSchema = z.object({
  entityName: z.string(),
  action: z.enum(planActions),
  /** What differs, one sentence each. */
  differences: z.array(z.string()),
  /** What the step does, in one sentence; if it is not possible, why not and what to do instead. */
  consequence: z.string(),
  isPossible: z.boolean(),
  /** Why it is not possible; null if it is. */
  errorCode: z.string().nullable(),
});
/** One entity of a description, compared with what exists. */
export type PlanStep = z.infer<typeof planStepSchema>;

export const entityPlanSchema = z.object({
  /** In the order in which they are carried out. */
  steps: z.array(planStepSchema),
  /** Names of entities that exist and are not described. */
  undescribed: z.array(z.string()),
});
/** What has to be done so that the entities are as described. */
export type EntityPlan = z.infer<typeof entityPlanSchema>;
