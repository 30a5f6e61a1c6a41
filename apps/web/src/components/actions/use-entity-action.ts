'use client';

import { Toast } from '@base-ui/react/toast';
import type { JobView } from '@emcachers/core/api-views';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { usePathname, useRouter } from 'next/navigation';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC, useTRPCClient } from '../../trpc/trpc.ts';
import type { ToastData } from '../ui/toast-area.tsx';
import { actionTexts, type EntityAction } from './action-texts.ts';
import { followJob } from './follow-job.ts';

export interface ActionRequest {
  readonly action: EntityAction;
  readonly entityName: string;
  readonly allowLargeSweep?: boolean;
}

export interface ActionRun {
  readonly start: (request: ActionRequest) => Promise<boolean>;
  readonly isPending: boolean;
  readonly error: EngineError | null;
  readonly forgetError: () => void;
}

const outcomeMs = 10_000;

/**
 * Asks the engine for an action and follows its job to the end: the toast tells what the job did, not that the request
 * was accepted. `start` resolves to whether the engine took the request.
 */
export function useEntityAction(): ActionRun {
  const client = useTRPCClient();
  const follow = useFollowing();
  const request = useMutation({
    mutationFn: async ({ action, entityName, allowLargeSweep }: ActionRequest) => {
      switch (action) {
        case 'refresh':
          return client.entities.refresh.mutate({ entityName, allowLargeSweep: allowLargeSweep ?? false });
        case 'rebuild':
          return client.entities.rebuild.mutate({ entityName });
        case 'pause':
          return client.entities.pause.mutate({ entityName });
        case 'resume':
          return client.entities.resume.mutate({ entityName });
        case 'delete':
          return client.entities.delete.mutate({ entityName, confirm: entityName });
      }
    },
  });
  return {
    isPending: request.isPending,
    error: request.error === null ? null : engineErrorOf(request.error),
    forgetError: request.reset,
    start: async (asked) => {
      try {
        const { jobId } = await request.mutateAsync(asked);
        void follow(asked, jobId);
        return true;
      } catch {
        return false;
      }
    },
  };
}

function useFollowing(): (asked: ActionRequest, jobId: string) => Promise<void> {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const toasts = Toast.useToastManager<ToastData>();
  const router = useRouter();
  const pathname = usePathname();
  return async ({ action, entityName }, jobId) => {
    const texts = actionTexts[action];
    const link = { href: `/jobs?job=${jobId}`, words: 'Show the job' };
    const id = toasts.add({ title: `${texts.doing} ${entityName}`, timeout: 0, data: { tone: 'busy', link } });
    const refreshLists = () => queryClient.invalidateQueries({ queryKey: trpc.jobs.pathKey() });
    void refreshLists();
    const job = await followJob({
      getJob: () => client.jobs.get.query({ jobId }),
      wait: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
      onProgress: ({ message }) => toasts.update(id, { description: message ?? '' }),
    });
    void refreshLists();
    toasts.update(id, { ...outcomeOf({ job, texts, entityName }), timeout: outcomeMs });
    if (action === 'delete' && job?.status === 'succeeded') {
      void queryClient.invalidateQueries({ queryKey: trpc.fleet.pathKey() });
      if (pathname === `/entities/${encodeURIComponent(entityName)}`) router.push('/');
    }
  };
}

interface Outcome {
  readonly job: JobView | null;
  readonly texts: (typeof actionTexts)[EntityAction];
  readonly entityName: string;
}

interface Told {
  readonly title: string;
  readonly description: string;
  readonly data?: ToastData;
}

function outcomeOf({ job, texts, entityName }: Outcome): Told {
  if (job === null)
    return { title: `${texts.doing} ${entityName} takes long`, description: 'Its job tells how far it is.' };
  const link = { href: `/jobs?job=${job.jobId}`, words: 'Show the job' };
  const description = job.message ?? '';
  if (job.status === 'succeeded')
    return { title: `${texts.done} ${entityName}`, description, data: { tone: 'ok', link } };
  const title = job.status === 'cancelled' ? `Cancelled: ${texts.name}` : `Failed: ${texts.name} of ${entityName}`;
  const data: ToastData = { tone: job.status === 'cancelled' ? 'unknown' : 'bad', link };
  return { title, description: job.errorCode === null ? description : `${job.errorCode} ${description}`, data };
}
