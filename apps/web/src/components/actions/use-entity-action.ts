'use client';

import type { JobView } from '@emcachers/core/api-views';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { usePathname, useRouter } from 'next/navigation';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC, useTRPCClient } from '../../trpc/trpc.ts';
import { useShowToast } from '../ui/toast-area.tsx';
import type { ToastContent } from '../ui/toast-list.ts';
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

/**
 * Requests an action from the engine and follows its job to the end: the toast shows the outcome of the job, not that
 * the request was accepted. `start` resolves to whether the engine accepted the request.
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
  const showToast = useShowToast();
  const router = useRouter();
  const pathname = usePathname();
  return async ({ action, entityName }, jobId) => {
    const texts = actionTexts[action];
    const link = { href: `/jobs?job=${jobId}`, words: 'Show job' };
    const running = { id: jobId, tone: 'busy', title: `${texts.doing} ${entityName}`, link } as const;
    showToast(running);
    const refreshLists = () => queryClient.invalidateQueries({ queryKey: trpc.jobs.pathKey() });
    void refreshLists();
    const job = await followJob({
      getJob: () => client.jobs.get.query({ jobId }),
      wait: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
      onProgress: ({ message }) => showToast({ ...running, description: message ?? '' }),
    });
    void refreshLists();
    showToast({ id: jobId, link, ...outcomeOf({ job, texts, entityName }) });
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

function outcomeOf({ job, texts, entityName }: Outcome): ToastContent {
  if (job === null)
    return {
      tone: 'unknown',
      title: `${texts.doing} ${entityName} is taking a long time`,
      description: 'See the job for its progress.',
    };
  const description = job.message ?? '';
  if (job.status === 'succeeded') return { tone: 'ok', title: `${texts.done} ${entityName}`, description };
  if (job.status === 'cancelled') return { tone: 'unknown', title: `Cancelled: ${texts.name}`, description };
  const code = job.errorCode === null ? '' : `${job.errorCode} `;
  return { tone: 'bad', title: `Failed: ${texts.name} of ${entityName}`, description: `${code}${description}` };
}
