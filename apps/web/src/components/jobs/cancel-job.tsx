'use client';

import type { JobView } from '@emcachers/core/api-views';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Button } from '../ui/button.tsx';
import { useShowToast } from '../ui/toast-area.tsx';

/** Cancels a queued or running job. The toast tells what the engine answers: the job may have ended before. */
export function CancelJob({ job }: { readonly job: JobView }) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const showToast = useShowToast();
  const { jobId, kind, entityName } = job;
  const cancel = useMutation(
    trpc.jobs.cancel.mutationOptions({
      onSuccess: ({ status, message }) => {
        const isCancelled = status === 'cancelled';
        const title = isCancelled ? `Cancelled ${kind} of ${entityName}` : `The job had already ended: ${status}`;
        showToast({ id: jobId, tone: isCancelled ? 'ok' : 'unknown', title, description: message ?? '' });
      },
      onError: (error) =>
        showToast({
          id: jobId,
          tone: 'bad',
          title: 'Could not cancel the job',
          description: engineErrorOf(error).detail,
        }),
      onSettled: () => queryClient.invalidateQueries({ queryKey: trpc.jobs.pathKey() }),
    }),
  );
  return (
    <Button
      size="small"
      disabled={cancel.isPending}
      aria-label={`Cancel ${kind} of ${entityName}`}
      onClick={() => cancel.mutate({ jobId })}
    >
      {cancel.isPending ? 'Cancelling…' : 'Cancel'}
    </Button>
  );
}
