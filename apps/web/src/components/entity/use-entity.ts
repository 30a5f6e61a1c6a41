import type { EntityView } from '@emcachers/core/api-views';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { entityAsOf } from '../../entity-facts/as-of.ts';
import { type FleetAnswer, findEntity, useFleet } from '../../live/use-fleet.ts';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';

export type EntityAnswer =
  | { readonly kind: 'loading' }
  | { readonly kind: 'missing' }
  /** Nothing has arrived since the page was opened, and no call has failed yet. */
  | { readonly kind: 'silent' }
  | { readonly kind: 'unknown'; readonly error: EngineError; readonly tryAgain: () => void }
  | {
      readonly kind: 'found';
      readonly entity: EntityView;
    };

const noSuchEntity = 'EMC-5002';

/**
 * One entity, taken from the fleet view that the engine pushes. If the fleet view lacks the name, the entity is requested
 * separately before it counts as missing, because the fleet view may be older than the entity.
 */
export function useEntity(entityName: string): EntityAnswer {
  const trpc = useTRPC();
  const { fleet, error, silence, tryAgain } = useFleet();
  const inFleet = findEntity(fleet, entityName);
  const wasSeen = useWasSeen(inFleet);
  const enabled = inFleet === null && !wasSeen;
  const asked = useQuery(trpc.entities.get.queryOptions({ entityName }, { enabled, staleTime: 0, retry: false }));
  if (inFleet === undefined) return answerWithoutFleet({ error, silence, tryAgain });
  if (inFleet !== null) return { kind: 'found', entity: inFleet };
  if (wasSeen) return { kind: 'missing' };
  if (asked.error !== null) return answerOfError(asked.error, () => void asked.refetch());
  if (asked.data === undefined) return { kind: 'loading' };
  return { kind: 'found', entity: silence === null ? asked.data : entityAsOf(asked.data) };
}

function answerWithoutFleet({
  error,
  silence,
  tryAgain,
}: Omit<FleetAnswer, 'fleet' | 'receivedAtMs' | 'unknownSince'>): EntityAnswer {
  if (error !== null) return { kind: 'unknown', error, tryAgain };
  return { kind: silence === null ? 'loading' : 'silent' };
}

/** An invalid name is reported with the field at fault; no entity can have it. */
function answerOfError(thrown: unknown, tryAgain: () => void): EntityAnswer {
  const error = engineErrorOf(thrown);
  const isMissing = error.code === noSuchEntity || error.fields.length > 0;
  return isMissing ? { kind: 'missing' } : { kind: 'unknown', error, tryAgain };
}

/** Whether the entity has been in the fleet view since this page was opened; if it then disappears, it was deleted. */
function useWasSeen(entity: EntityView | null | undefined): boolean {
  const [wasSeen, setWasSeen] = useState(false);
  if (!wasSeen && entity !== null && entity !== undefined) setWasSeen(true);
  return wasSeen;
}
