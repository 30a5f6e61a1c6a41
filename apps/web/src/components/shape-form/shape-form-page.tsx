'use client';

import type { EntityView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { useQuery } from '@tanstack/react-query';
import { parseAsString, useQueryStates } from 'nuqs';
import { definitionOf } from '../../entity-facts/definition.ts';
import { findEntity, useFleet } from '../../live/use-fleet.ts';
import { proposeName } from '../../shape-draft/names.ts';
import { engineErrorOf, whoFails } from '../../trpc/engine-error.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { PageHead } from '../ui/page-head.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { ShapeEditor } from './shape-editor.tsx';

/** Creates an entity: from scratch, from a collection (`?source=`), or from another entity's shape (`?from=`). */
export function ShapeFormPage() {
  const trpc = useTRPC();
  const [{ source, from }] = useQueryStates({ source: parseAsString, from: parseAsString });
  const { fleet, error, tryAgain } = useFleet();
  const sources = useQuery(trpc.sources.list.queryOptions());
  const isKnown = fleet !== undefined || error !== null;
  return (
    <>
      <PageHead
        title="New entity"
        detail="Copies one MongoDB collection to a SQLite file on every node and keeps it up to date. The shape cannot be changed later; to change it, duplicate the entity and delete the old one."
      />
      {error === null ? null : (
        <Trouble error={error} title={`${whoFails(error)}. You cannot create an entity now.`} onRetry={tryAgain} />
      )}
      {sources.error === null || error !== null ? null : (
        <Trouble
          error={engineErrorOf(sources.error)}
          title="Could not list the MongoDB collections."
          onRetry={() => void sources.refetch()}
        />
      )}
      {isKnown ? (
        <ShapeEditor
          initial={initialShape()}
          place={`${source ?? ''} ${from ?? ''}`}
          sources={sources.data}
          fleet={fleet}
        />
      ) : (
        <div aria-busy className="h-96 rounded-card border border-line bg-panel p-4">
          <Skeleton width="40%" />
        </div>
      )}
    </>
  );

  function initialShape(): NewEntity {
    const names = fleet?.entities.map((entity) => entity.entityName) ?? [];
    const copied = from === null ? null : findEntity(fleet, from);
    if (copied !== null && copied !== undefined) return copyOf(copied, names);
    if (source === null) return { entityName: '', sourceName: '', columns: [] };
    const collection = source.slice(source.indexOf('.') + 1);
    return { entityName: proposeName(collection, names), sourceName: source, columns: [] };
  }
}

/** The definition of another entity under a free name. */
function copyOf({ entityName, ...entity }: EntityView, names: readonly string[]): NewEntity {
  return definitionOf({ ...entity, entityName: proposeName(entityName, names) });
}
