'use client';

import type { FleetView } from '@emcachers/core/api-views';
import { Plus } from 'lucide-react';
import Link from 'next/link';
import { inOrderOf, listEntities } from '../../entity-facts/entity-order.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { useHeld } from '../entity/use-held.ts';
import { Button, buttonClasses } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { EmptyFleet } from './empty-fleet.tsx';
import { EntityFilters } from './entity-filters.tsx';
import { EntityTable } from './entity-table.tsx';
import { HeadroomLine } from './headroom-line.tsx';
import { PipelineStrip } from './pipeline-strip.tsx';
import { useEntityListing } from './use-entity-listing.ts';

/** All entities: the overall state, the pipeline and the entity table. */
export function FleetPage() {
  const { fleet, error, silence, tryAgain } = useFleet();
  // Without a reading of PostgreSQL the list is empty too.
  const isEmpty = fleet !== undefined && fleet.entities.length === 0 && fleet.health !== 'unknown';
  if (fleet === undefined && (error !== null || silence !== null))
    return (
      <>
        <PageHead
          title="The state of your entities is unknown."
          detail="Applications can still read their cache files; only this page has no figures."
        />
        {error === null ? (
          <SilenceNotice />
        ) : (
          <Trouble error={error} title="Could not read the state from the engine." onRetry={tryAgain} />
        )}
      </>
    );
  return (
    <>
      <FleetHead fleet={fleet} />
      <SilenceNotice />
      <PipelineStrip stages={fleet?.stages} />
      <HeadroomLine oplog={fleet?.sourceOplog} />
      {isEmpty ? <EmptyFleet /> : <EntityList fleet={fleet} />}
    </>
  );
}

function FleetHead({ fleet }: { readonly fleet: FleetView | undefined }) {
  return (
    <PageHead
      title={fleet === undefined ? <Skeleton width="24rem" /> : fleet.sentence}
      detail={fleet === undefined ? <Skeleton width="30rem" /> : fleet.detail}
      actions={
        <Link href="/entities/new" className={buttonClasses('primary')}>
          <Plus size={15} strokeWidth={2.2} aria-hidden />
          New entity
        </Link>
      }
    />
  );
}

function EntityList({ fleet }: { readonly fleet: FleetView | undefined }) {
  const controls = useEntityListing();
  const sorted = fleet === undefined ? undefined : listEntities(fleet.entities, controls.listing);
  const { shown, isHeld, handlers } = useHeld({
    newest: sorted?.map((entity) => entity.entityName),
    name: JSON.stringify(controls.listing),
    isPinned: false,
  });
  const listed = sorted === undefined ? undefined : inOrderOf(sorted, shown ?? []);
  const nodeIds = fleet?.nodes.map((node) => node.nodeId) ?? [];
  return (
    <Card title="Entities" flush aside={<EntityFilters controls={controls} nodeIds={nodeIds} />}>
      {listed?.length === 0 ? (
        <div className="grid justify-items-center gap-3 px-4 py-10 text-center">
          <p className="text-ink-2">No entities match this filter.</p>
          <Button onClick={controls.clear}>Show all entities</Button>
        </div>
      ) : (
        <div {...handlers}>
          <EntityTable entities={listed} controls={controls} />
          <p aria-hidden={!isHeld} className="px-4 py-1.5 text-ink-3 text-xs">
            {isHeld ? 'The order is kept while you point here; the figures are new.' : '\u00a0'}
          </p>
        </div>
      )}
    </Card>
  );
}
