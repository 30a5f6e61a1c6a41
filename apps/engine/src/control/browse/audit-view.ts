import type { AuditFilter, AuditRecord } from '@emcachers/db/control/audit';
import { z } from 'zod';
import { pageOf } from './page-of.ts';

/** One action of an operator, or of the engine by itself. */
const auditEntryViewSchema = z.object({
  id: z.number().int(),
  at: z.iso.datetime(),
  actor: z.string(),
  /** The kind of a job, `create`, `setIndexes`, `cancel`, `acknowledge` or `forgetNode`. */
  action: z.string(),
  entityName: z.string().nullable(),
  detail: z.record(z.string(), z.unknown()),
  /** Also in the answer to the request and in its log lines; null for the engine's own work. */
  correlationId: z.string().nullable(),
});

/** A page of the audit, newest first. */
export const auditPageSchema = z.object({
  entries: z.array(auditEntryViewSchema),
  /** Pass as `before` for the next page; null on the last page. */
  next: z.number().int().nullable(),
});

export type ReadAuditPage = (filter: AuditFilter) => Promise<z.infer<typeof auditPageSchema>>;

export function createAuditReader(read: (filter: AuditFilter) => Promise<readonly AuditRecord[]>): ReadAuditPage {
  return async (filter) =>
    pageOf(await read({ ...filter, limit: filter.limit + 1 }), filter.limit, ({ at, detail, ...record }) => ({
      ...record,
      at: at.toISOString(),
      detail: { ...detail },
    }));
}
