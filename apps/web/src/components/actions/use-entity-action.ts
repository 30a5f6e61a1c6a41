'use client';

import type { JobView } from '@emcachers/core/api-views';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { usePathname, useRouter } from 'next/navigation';
import { type EngineError, engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC, useTRPCClient } from '../../trpc/trpc.ts';
import { useShowToast } from '../ui/toast-area.tsx';
import type { ToastContent } from '../ui/toast-list.ts';

import type { SelectedDocuments } from './documents-draft.ts';
import { followJob } from './follow-job.ts';
import { type ActionKind, type ActionView, actionsStaleMs } from './use-actions.ts';

export interface ActionRequest {
  readonly action: ActionKind;
  readonly entityName: string;
  /** The action's options by name. */
  readonly options?: Readonly<Record<string, boolean>>;
  /** The documents that the action concerns, if it takes some; absent: all of them. */
  readonly docIds?: readonly string[];
  /** The documents that the operator named, if the action asks for them. */
  readonly documents?: SelectedDocuments;
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
  const loadAction = useLoadAction();
  const request = useMutation({
    mutationFn: async (asked: ActionRequest) => {
      const action = await loadAction(asked.action);
      const { jobId } = await sendRequest(client, action, asked);
      return { action, jobId };
    },
  });
  return {
    isPending: request.isPending,
    error: request.error === null ? null : engineErrorOf(request.error),
    forgetError: request.reset,
    start: async (asked) => {
      try {
        const { action, jobId } = await request.mutateAsync(asked);
        void follow({ action, entityName: asked.entityName, jobId });
        return true;
      } catch {
        return false;
      }
    },
  };
}

async function sendRequest(
  client: ReturnType<typeof useTRPCClient>,
  { confirmation }: ActionView,
  { action: kind, entityName, options = {}, docIds, documents }: ActionRequest,
): Promise<{ readonly jobId: string }> {
  const confirmed = confirmation === 'typed-name' ? { confirm: entityName } : {};
  const named = { entityName, ...options, ...confirmed };
  if (kind === 'refreshDocuments')
    return client.entities.refreshDocuments.mutate({ ...named, documents: required(documents) });
  if (kind === 'erase') return client.entities.erase.mutate({ ...named, ids: idsIn(required(documents)) });
  return client.entities[kind].mutate({ ...named, ...(docIds === undefined ? {} : { docIds: [...docIds] }) });
}

function required(documents: SelectedDocuments | undefined): SelectedDocuments {
  if (documents === undefined) throw new Error('The dialog must ask for the documents.');
  return documents;
}

function idsIn(documents: SelectedDocuments): unknown[] {
  if (!('ids' in documents)) throw new Error('The dialog must ask for ids only.');
  return documents.ids;
}

function useLoadAction(): (kind: ActionKind) => Promise<ActionView> {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  return async (kind) => {
    const actions = await queryClient.query(
      trpc.entities.actions.queryOptions(undefined, { staleTime: actionsStaleMs }),
    );
    const action = actions.find((each) => each.kind === kind);
    if (action === undefined) throw new Error(`This engine does not offer ${kind}.`);
    return action;
  };
}

interface Following {
  readonly action: ActionView;
  readonly entityName: string;
  readonly jobId: string;
}

function useFollowing(): (following: Following) => Promise<void> {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const showToast = useShowToast();
  const router = useRouter();
  const pathname = usePathname();
  return async ({ action, entityName, jobId }) => {
    const link = { href: `/jobs?job=${jobId}`, words: 'Show job' };
    const running = { id: jobId, tone: 'busy', title: `${action.doing} ${entityName}`, link } as const;
    showToast(running);
    const refreshLists = () => queryClient.invalidateQueries({ queryKey: trpc.jobs.pathKey() });
    void refreshLists();
    const job = await followJob({
      getJob: () => client.jobs.get.query({ jobId }),
      wait: (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs)),
      onProgress: ({ message }) => showToast({ ...running, description: message ?? '' }),
    });
    void refreshLists();
    void queryClient.invalidateQueries({ queryKey: trpc.entities.deadLetters.queryKey({ entityName }) });
    showToast({ id: jobId, link, ...outcomeOf({ job, action, entityName }) });
    if (action.isFinal && job?.status === 'succeeded') {
      void queryClient.invalidateQueries({ queryKey: trpc.fleet.pathKey() });
      if (pathname === `/entities/${encodeURIComponent(entityName)}`) router.push('/');
    }
  };
}

interface Outcome {
  readonly job: JobView | null;
  readonly action: ActionView;
  readonly entityName: string;
}

function outcomeOf({ job, action, entityName }: Outcome): ToastContent {
  if (job === null)
    return {
      tone: 'unknown',
      title: `${action.doing} ${entityName} is taking a long time`,
      description: 'See the job for its progress.',
    };
  const description = job.message ?? '';
  if (job.status === 'succeeded') return { tone: 'ok', title: `${action.done} ${entityName}`, description };
  if (job.status === 'cancelled') return { tone: 'unknown', title: `Cancelled: ${action.title}`, description };
  const code = job.errorCode === null ? '' : `${job.errorCode} `;
  return { tone: 'bad', title: `Failed: ${action.title} of ${entityName}`, description: `${code}${description}` };
}
