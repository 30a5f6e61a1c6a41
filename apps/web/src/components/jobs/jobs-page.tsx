'use client';

import { parseAsString, useQueryState } from 'nuqs';
import { unknownSentence } from '../../entity-facts/unknown-sentence.ts';
import { plural } from '../../format/numbers.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Card } from '../ui/card.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { JobList } from './job-list.tsx';

export function JobsPage() {
  const { fleet, unknownSince } = useFleet();
  const [jobId] = useQueryState('job', parseAsString);
  return (
    <>
      <PageHead
        title={
          unknownSince === null
            ? (unknownSentence(fleet) ?? titleOf(fleet?.activeJobs))
            : `The state of the jobs is unknown since ${unknownSince}.`
        }
        detail="Actions that operators requested, with their outcomes."
      />
      <SilenceNotice />
      <Card title="Jobs" note="newest first" flush>
        <JobList
          markedJobId={jobId}
          empty="No jobs yet. Each refresh, rebuild, pause, resume and delete is recorded here."
        />
      </Card>
    </>
  );
}

function titleOf(activeJobs: number | undefined) {
  if (activeJobs === undefined) return <Skeleton width="14rem" />;
  return activeJobs === 0 ? 'No jobs are running.' : `${plural(activeJobs, 'job')} queued or running.`;
}
