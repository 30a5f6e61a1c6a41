'use client';

import { JobList } from '../jobs/job-list.tsx';
import { Card } from '../ui/card.tsx';

export function JobsTab({ entityName }: { readonly entityName: string }) {
  return (
    <Card title="Jobs" note="newest first" flush>
      <JobList
        entityName={entityName}
        empty="No jobs for this entity yet. Each refresh, rebuild, pause, resume and delete is recorded here."
      />
    </Card>
  );
}
