import type { EntityView } from '@emcachers/core/api-views';
import { useQueries, useQuery } from '@tanstack/react-query';
import { isCut, type Letter, type Problem, problemsOf } from '../../entity-facts/problems.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { usePollInterval } from '../../live/use-poll-interval.ts';
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
  /** There are more collections than are listed, so missing ones cannot be told. */
  readonly isSourceListCut: boolean;
}

/** The problems of one entity, or of all. Counts come with the fleet view; collections and dead letters are read again at an interval. */
export function useProblems(entityName: string | null): Problems {
  const trpc = useTRPC();
  const { fleet } = useFleet();
  const refetchInterval = usePollInterval(renewMs);
  const sources = useQuery(trpc.sources.list.queryOptions(undefined, { refetchInterval }));
  const entities = fleet?.entities.filter((entity) => entityName === null || entity.entityName === entityName);
  const withLetters = (entities ?? []).filter(({ deadLetters }) => deadLetters > 0).slice(0, listedEntitiesMax);
  const answers = useQueries({
    queries: withLetters.map((entity) =>
      trpc.entities.deadLetters.queryOptions({ entityName: entity.entityName, limit: lettersMax }, { refetchInterval }),
    ),
  });
  const letters = lettersByEntity(
    withLetters,
    answers.map(({ data }) => data),
  );
  return {
    problems: entities === undefined ? undefined : problemsOf({ entities, sources: sources.data, letters }),
    sourcesError: sources.error === null ? null : engineErrorOf(sources.error),
    isSourceListCut: sources.data !== undefined && isCut(sources.data),
  };
}

function lettersByEntity(
  entities: readonly EntityView[],
  answers: readonly (readonly Letter[] | undefined)[],
): ReadonlyMap<string, readonly Letter[]> {
  return new Map(entities.map(({ entityName }, index) => [entityName, answers[index] ?? []]));
}
