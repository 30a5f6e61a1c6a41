import type { EntityView } from '@emcachers/core/api-views';
import { useQueries, useQuery } from '@tanstack/react-query';
import { type Letter, type Problem, problemsOf } from '../../entity-facts/problems.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';

/** Dead letters are listed for this many entities; of others only the number is shown. */
const listedEntitiesMax = 20;
const lettersMax = 200;
const renewMs = 10_000;

export interface Problems {
  /** Undefined before the first fleet view. */
  readonly problems: readonly Problem[] | undefined;
  /** Why sources that are missing are not among them. */
  readonly sourcesError: EngineError | null;
}

/** The problems of one entity, or of all. They are read again when the counts of the fleet view change. */
export function useProblems(entityName: string | null): Problems {
  const trpc = useTRPC();
  const { fleet } = useFleet();
  const sources = useQuery(trpc.sources.list.queryOptions(undefined, { staleTime: renewMs }));
  const entities = fleet?.entities.filter((entity) => entityName === null || entity.entityName === entityName);
  const withLetters = (entities ?? []).filter(({ deadLetters }) => deadLetters > 0).slice(0, listedEntitiesMax);
  const answers = useQueries({
    queries: withLetters.map((entity) =>
      trpc.entities.deadLetters.queryOptions(
        { entityName: entity.entityName, limit: lettersMax },
        { staleTime: renewMs },
      ),
    ),
  });
  const letters = lettersByEntity(
    withLetters,
    answers.map(({ data }) => data),
  );
  return {
    problems: entities === undefined ? undefined : problemsOf({ entities, sources: sources.data, letters }),
    sourcesError: sources.error === null ? null : engineErrorOf(sources.error),
  };
}

function lettersByEntity(
  entities: readonly EntityView[],
  answers: readonly (readonly Letter[] | undefined)[],
): ReadonlyMap<string, readonly Letter[]> {
  return new Map(entities.map(({ entityName }, index) => [entityName, answers[index] ?? []]));
}
