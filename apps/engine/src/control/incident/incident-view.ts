import { errorCodes, isErrorCode } from '@emcachers/core/error-codes';
import type { IncidentRecord } from '@emcachers/db/control/incidents';
import { z } from 'zod';
import { iso } from '../fleet/iso-time.ts';

const subjectKinds = ['mongodb', 'postgresql', 'stream', 'node', 'entity'] as const;

/** Something that went wrong, from its beginning to its end. */
export const incidentViewSchema = z.object({
  id: z.number().int(),
  subject: z.object({
    /** What it concerns. */
    kind: z.enum(subjectKinds),
    /** Of the stream, the node or the entity; null for a server. */
    name: z.string().nullable(),
  }),
  errorCode: z.string(),
  /** The title of the code; the code itself if the catalogue does not know it any more. */
  title: z.string(),
  /** What the status said of it last. */
  detail: z.string(),
  /** What to do; null if the catalogue does not know the code any more. */
  nextStep: z.string().nullable(),
  /** When it began. */
  openedAt: z.iso.datetime(),
  /** When the status last named its cause. */
  lastSeenAt: z.iso.datetime(),
  /** Null while it is open. */
  closedAt: z.iso.datetime().nullable(),
  /** Null until an operator has said that he knows of it. */
  acknowledgedAt: z.iso.datetime().nullable(),
  acknowledgedBy: z.string().nullable(),
  /** Names of the entities that have suffered from it, at most 100. */
  entities: z.array(z.string()),
  /** How many entities have. */
  entityCount: z.number().int(),
  /** Ids of the nodes that it happened on. */
  nodes: z.array(z.string()),
  /** How often it was opened: more than once if its cause came back soon after it was closed. */
  times: z.number().int(),
});

/** A page of incidents, newest first. */
export const incidentPageSchema = z.object({
  entries: z.array(incidentViewSchema),
  /** Pass as `before` for the next page; null on the last page. */
  next: z.number().int().nullable(),
});

export type IncidentView = z.infer<typeof incidentViewSchema>;

export function incidentView(record: IncidentRecord): IncidentView {
  const { id, errorCode, detail, entityCount, times, acknowledgedBy } = record;
  const entry = isErrorCode(errorCode) ? errorCodes[errorCode] : null;
  return {
    ...{ id, errorCode, detail, entityCount, times, acknowledgedBy },
    subject: subjectOf(record.subject),
    title: entry?.title ?? errorCode,
    nextStep: entry?.remedy ?? null,
    openedAt: iso(record.openedAt.getTime()),
    lastSeenAt: iso(record.lastSeenAt.getTime()),
    closedAt: isoOfDate(record.closedAt),
    acknowledgedAt: isoOfDate(record.acknowledgedAt),
    entities: [...record.entities],
    nodes: [...record.nodes],
  };
}

/** `node:n1` is the node n1. */
function subjectOf(subject: string): IncidentView['subject'] {
  const [first = '', ...rest] = subject.split(':');
  const kind = subjectKinds.find((each) => each === first) ?? 'stream';
  return { kind, name: rest.length === 0 ? null : rest.join(':') };
}

function isoOfDate(date: Date | null): string | null {
  return date === null ? null : iso(date.getTime());
}
