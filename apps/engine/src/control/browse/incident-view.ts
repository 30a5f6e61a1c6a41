import { errorCodes } from '@emcachers/core/error-codes';
import type { IncidentFilter, IncidentRecord } from '@emcachers/db/control/incidents';
import { z } from 'zod';
import { iso } from '../fleet/iso-time.ts';
import { type Page, pageOf } from './page-of.ts';

/** Something that went wrong, with its time. */
const incidentViewSchema = z.object({
  id: z.number().int(),
  /** The entity that it concerns; null if it concerns a stage. */
  entityName: z.string().nullable(),
  /** The stage that it concerns, for example `change-source`; null if it concerns an entity. */
  stage: z.string().nullable(),
  errorCode: z.string(),
  /** The title of the code; the code itself if the catalogue does not know it any more. */
  title: z.string(),
  detail: z.string(),
  /** What to do; null if the catalogue does not know the code any more. */
  nextStep: z.string().nullable(),
  openedAt: z.iso.datetime(),
  /** Null while it is open. */
  closedAt: z.iso.datetime().nullable(),
});

/** A page of incidents, newest first. */
export const incidentPageSchema = z.object({
  entries: z.array(incidentViewSchema),
  /** Pass as `before` for the next page; null on the last page. */
  next: z.number().int().nullable(),
});

type IncidentView = z.infer<typeof incidentViewSchema>;
export type ReadIncidentPage = (filter: IncidentFilter) => Promise<Page<IncidentView>>;

export function createIncidentReader(
  read: (filter: IncidentFilter) => Promise<readonly IncidentRecord[]>,
): ReadIncidentPage {
  return async (filter) => pageOf(await read({ ...filter, limit: filter.limit + 1 }), filter.limit, viewOf);
}

const entityPrefix = 'entity:';

function viewOf({ id, subject, errorCode, detail, openedAt, closedAt }: IncidentRecord): IncidentView {
  const entityName = subject.startsWith(entityPrefix) ? subject.slice(entityPrefix.length) : null;
  const entry = Object.entries(errorCodes).find(([code]) => code === errorCode)?.[1];
  return {
    ...{ id, entityName, errorCode, detail },
    stage: entityName === null ? subject : null,
    title: entry?.title ?? errorCode,
    nextStep: entry?.remedy ?? null,
    openedAt: iso(openedAt.getTime()),
    closedAt: closedAt === null ? null : iso(closedAt.getTime()),
  };
}
