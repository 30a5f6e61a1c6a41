'use client';

import { JobList } from '../jobs/job-list.tsx';
import { Card } from '../ui/card.tsx';

export function JobsTab({ entityName }: { readonly entityName: string }) {
  return (
    <Card title="Jobs" note="newest first" flush>
      <JobList
        entityName={entityName}
        empty="No job has been run for this entity. Refresh, rebuild, pause and delete leave their record here."
      />
    </Card>
  );
}
