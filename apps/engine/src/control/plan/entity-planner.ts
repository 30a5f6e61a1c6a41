import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { EntityPlan, PlanStep } from '@emcachers/core/entity-plan';
import type { NewEntity } from '@emcachers/core/new-entity';
import type { EntityToStore } from '@emcachers/db/control/entities';
import { storedShape } from '../entity/stored-shape.ts';
import { type ExistingEntity, indexDifferences, shapeDifferences } from './shape-differences.ts';

/** What is to exist. */
export interface EntityDescription {
  readonly entities: readonly NewEntity[];
  /** Entities that are not described are to be deleted. */
  readonly prune: boolean;
}

/** Compares a description of entities with those that exist. Changes nothing. */
export interface EntityPlanner {
  /** Throws EMC-3001 if it cannot be read what exists, EMC-5001 if a name is described twice. */
  plan(description: EntityDescription): Promise<EntityPlan>;
}

export interface EntityPlannerDependencies {
  readonly existing: () => Promise<readonly ExistingEntity[]>;
  /** Throws EMC-2007 if the source cannot be followed. */
  readonly checkSource: (sourceName: string) => Promise<void>;
  readonly maskKey: Uint8Array | null;
}

export function createEntityPlanner(dependencies: EntityPlannerDependencies): EntityPlanner {
  return {
    async plan({ entities, prune }) {
      refuseRepeated(entities);
      const existing = new Map((await dependencies.existing()).map((each) => [each.entityName.toLowerCase(), each]));
      const described = new Set(entities.map(({ entityName }) => entityName.toLowerCase()));
      const steps: PlanStep[] = [];
      for (const each of entities)
        steps.push(await stepOf(each, existing.get(each.entityName.toLowerCase()), dependencies));
      const undescribed = [...existing.values()].filter(({ entityName }) => !described.has(entityName.toLowerCase()));
      return {
        steps: [...steps, ...(prune ? undescribed.map(({ entityName }) => deletion(entityName)) : [])],
        undescribed: undescribed.map(({ entityName }) => entityName),
      };
    },
  };
}

function refuseRepeated(entities: readonly NewEntity[]): void {
  const seen = new Set<string>();
  for (const [index, { entityName }] of entities.entries()) {
    const message = `${entityName} is described twice; names are compared without case.`;
    const fields = [{ path: ['entities', index, 'entityName'], message }];
    if (seen.has(entityName.toLowerCase())) throw new EmcachersError({ code: 'EMC-5001', detail: message, fields });
    seen.add(entityName.toLowerCase());
  }
}

async function stepOf(
  wanted: NewEntity,
  existing: ExistingEntity | undefined,
  { checkSource, maskKey }: EntityPlannerDependencies,
): Promise<PlanStep> {
  try {
    const stored = storedShape(wanted, maskKey);
    if (existing !== undefined) return change(stored, existing);
    await checkSource(wanted.sourceName);
    return creation(stored);
  } catch (error) {
    // What is wrong with one entity must not hide what is to be done for the others.
    if (!(error instanceof EmcachersError) || error.entry.retry === 'backoff') throw error;
    const action = existing === undefined ? 'create' : 'change-shape';
    return impossible(wanted.entityName, { action, differences: [] }, error);
  }
}

function creation({ entityName, sourceName }: EntityToStore): PlanStep {
  const consequence = `Creates the entity and scans ${sourceName}; every node builds a cache.`;
  return { entityName, action: 'create', differences: [], consequence, isPossible: true, errorCode: null };
}

function deletion(entityName: string): PlanStep {
  const consequence = 'Deletes the entity, its oplog and its caches on every node. MongoDB is not changed.';
  return { entityName, action: 'delete', differences: [], consequence, isPossible: true, errorCode: null };
}

function change(wanted: EntityToStore, existing: ExistingEntity): PlanStep {
  const { entityName } = existing;
  if (existing.lifecycle === 'deleting') {
    const detail = 'It is being deleted. Apply again once it is gone.';
    return impossible(entityName, { action: 'create', differences: [] }, refusal(detail));
  }
  const differences = shapeDifferences(wanted, existing);
  if (differences.length > 0) {
    const detail =
      'A shape cannot be changed in place. Create an entity of another name, let the readers move to it, and delete this one.';
    return impossible(entityName, { action: 'change-shape', differences }, refusal(detail));
  }
  const indexes = indexDifferences(wanted, existing);
  const consequence =
    indexes.length === 0
      ? 'Nothing to do.'
      : 'Builds and drops indexes in every cache file, without a scan and without stopping readers.';
  const action = indexes.length === 0 ? 'none' : 'set-indexes';
  return { entityName, action, differences: indexes, consequence, isPossible: true, errorCode: null };
}

function refusal(detail: string): EmcachersError {
  return new EmcachersError({ code: 'EMC-5004', detail });
}

function impossible(
  entityName: string,
  step: Pick<PlanStep, 'action' | 'differences'>,
  { code, detail }: EmcachersError,
): PlanStep {
  return { entityName, ...step, consequence: detail, isPossible: false, errorCode: code };
}
