'use client';

import type { JobView } from '@emcachers/core/api-views';
import { useQuery } from '@tanstack/react-query';
import Link from 'next/link';
import { jobStatusWords } from '../../entity-facts/status-words.ts';
import { unknownFigure } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { useLive } from '../../live/live-context.ts';
import { isPolling } from '../../live/live-state.ts';
import { useEngineNow } from '../../live/use-engine-now.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { usePollInterval } from '../../live/use-poll-interval.ts';
import { useRenewalOf } from '../../live/use-renewal-of.ts';
import { engineErrorOf } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { useActions } from '../actions/use-actions.ts';
import { classes } from '../ui/classes.ts';
import { DataTable, type TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Pill } from '../ui/pill.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { CancelJob } from './cancel-job.tsx';

const jobsMax = 100;
/** While the stream is broken; otherwise the fleet view says when a job has changed. */
const pollMs = 4_000;
/** In case that a change came before the first fleet view or was missed. */
const renewMs = 15_000;

interface JobListProps {
  /** Omit it to list the jobs of all entities. */
  readonly entityName?: string;
  readonly empty: string;
  /** The job to highlight, from the page's address. */
  readonly markedJobId?: string | null;
}

export function JobList({ entityName, empty, markedJobId = null }: JobListProps) {
  const trpc = useTRPC();
  const refetchInterval = usePollInterval(isPolling(useLive().state) ? pollMs : renewMs);
  useRenewalOf(useFleet().fleet?.jobsRevision, trpc.jobs.list.queryKey());
  const input = { limit: jobsMax, ...(entityName === undefined ? {} : { entityName }) };
  // A list of a moment ago can be out of date: jobs that changed while no list was shown are not followed.
  const answer = useQuery(trpc.jobs.list.queryOptions(input, { refetchInterval, staleTime: 0 }));
  if (answer.error !== null && answer.data === undefined)
    return (
      <div className="p-4">
        <Trouble
          error={engineErrorOf(answer.error)}
          title="Could not list the jobs."
          onRetry={() => void answer.refetch()}
        />
      </div>
    );
  if (answer.data?.length === 0) return <p className="px-4 py-10 text-center text-ink-2">{empty}</p>;
  return (
    <DataTable
      caption={entityName === undefined ? 'Jobs' : `Jobs of ${entityName}`}
      rows={answer.data}
      rowKey={(job) => job.jobId}
      columns={columnsFor(entityName === undefined, markedJobId)}
    />
  );
}

function columnsFor(hasEntity: boolean, markedJobId: string | null): TableColumn<JobView>[] {
  const entityColumn: TableColumn<JobView> = {
    id: 'entity',
    label: 'Entity',
    stack: 'wide',
    width: '11rem',
    cell: (job) => (
      <Link href={`/entities/${encodeURIComponent(job.entityName)}`} className="underline-offset-2 hover:underline">
        {job.entityName}
      </Link>
    ),
  };
  return [
    {
      id: 'kind',
      label: 'Job',
      stack: 'title',
      width: '12rem',
      cell: (job) => (
        <span className={classes('font-[600]', job.jobId === markedJobId && 'border-accent border-l-[3px] pl-2')}>
          <JobTitle kind={job.kind} />
        </span>
      ),
    },
    ...(hasEntity ? [entityColumn] : []),
    {
      id: 'status',
      label: 'Status',
      stack: 'status',
      width: '8rem',
      cell: (job) => <Pill {...jobStatusWords[job.status]} />,
    },
    { id: 'message', label: 'Message', stack: 'wide', cell: messageCell },
    {
      id: 'created',
      label: 'Started',
      end: true,
      width: '10rem',
      cell: (job) => <Moment at={job.startedAt ?? job.createdAt} />,
    },
    { id: 'took', label: 'Took', end: true, width: '6rem', cell: (job) => <Took job={job} /> },
    {
      id: 'cancel',
      label: 'Actions',
      isLabelHidden: true,
      end: true,
      width: '6rem',
      stack: 'wide',
      cell: (job) => (job.finishedAt === null ? <CancelJob job={job} /> : null),
    },
  ];
}

/** The title of the job's kind, or the kind itself if this engine does not know it, for example in a record of another version. */
function JobTitle({ kind }: { readonly kind: string }) {
  return useActions().actions.find((action) => action.kind === kind)?.title ?? kind;
}

function messageCell(job: JobView) {
  return (
    <span className="whitespace-normal text-ink-2">
      {job.message ?? unknownFigure}
      {job.errorCode === null ? null : <code className="text-ink-3 text-sm"> {job.errorCode}</code>}
      {job.retryAt === null ? null : (
        <span className="text-ink-3 text-sm">
          {' '}
          Next attempt: <Moment at={job.retryAt} />
        </span>
      )}
    </span>
  );
}

function Took({ job }: { readonly job: JobView }) {
  const nowMs = useEngineNow();
  if (job.startedAt === null) return unknownFigure;
  const endMs = job.finishedAt === null ? nowMs : Date.parse(job.finishedAt);
  return formatDuration(endMs - Date.parse(job.startedAt));
}
