'use client';

import { useMutation, useQueryClient } from '@tanstack/react-query';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Button } from '../ui/button.tsx';
import { useShowToast } from '../ui/toast-area.tsx';
import { type Incident, subjectWords } from './incident-facts.ts';

/** Says that the operator knows of the incident. */
export function Acknowledge({ incident }: { readonly incident: Incident }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const showToast = useShowToast();
  const about = `${incident.title}, ${subjectWords(incident).words}`;
  const toastId = `incident ${incident.id}`;
  const acknowledge = useMutation(
    trpc.incidents.acknowledge.mutationOptions({
      onSuccess: () =>
        showToast({
          ...{ id: toastId, tone: 'ok', title: 'Acknowledged' },
          description: `${about}. It stays open until its cause is gone.`,
        }),
      onError: (error) =>
        showToast({
          ...{ id: toastId, tone: 'bad', title: 'Could not acknowledge the incident' },
          description: engineErrorOf(error).detail,
        }),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.incidents.pathKey() }),
    }),
  );
  return (
    <Button
      size="small"
      disabled={acknowledge.isPending}
      aria-label={`Acknowledge: ${about}`}
      onClick={() => acknowledge.mutate({ incidentId: incident.id })}
    >
      {acknowledge.isPending ? 'Acknowledging…' : 'Acknowledge'}
    </Button>
  );
}
