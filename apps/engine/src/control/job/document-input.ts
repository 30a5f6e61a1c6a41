import { z } from 'zod';
import {
  filterOfExtendedJson,
  filterSince,
  keyOfExtendedJson,
  objectIdFrom,
} from '../../pipeline/change-source/extended-json.ts';
import type { DocumentSelection } from '../../pipeline/ingest/partial-refresh.ts';

/** `_id` values in MongoDB's Extended JSON: `"text"`, `7`, `{"$oid":"…"}`, `{"$uuid":"…"}`. */
export const documentIds = z.array(z.unknown()).min(1, 'Name at least one document.').max(10_000);

/** Not a `z.record`, which leaves out a key named `__proto__`: a query with a condition less selects more documents. */
const querySchema = z
  .custom<Readonly<Record<string, unknown>>>(
    (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    'A query is a JSON object, for example { "status": "open" }.',
  )
  .meta({ type: 'object', additionalProperties: true });

/** Which documents of an entity a job concerns, in one of three ways. */
export const selectedDocuments = z.union([
  z.strictObject({ ids: documentIds }),
  /** In Extended JSON. */
  z.strictObject({ query: querySchema }),
  /** By a date field; without one, by the time of the ObjectId in `_id`. */
  z.strictObject({
    since: z.iso.datetime({ offset: true }),
    field: z.string().min(1).max(500).regex(/^[^$]/, 'A field does not begin with $.').exactOptional(),
  }),
]);
export type SelectedDocuments = z.infer<typeof selectedDocuments>;

/** Throws EMC-5001 or EMC-5012 with the field at fault. */
export function selectionOf(documents: SelectedDocuments): DocumentSelection {
  if ('ids' in documents) return { kind: 'keys', keys: keysOf(documents.ids, ['documents', 'ids']) };
  if ('query' in documents)
    return { kind: 'query', filter: filterOfExtendedJson(documents.query), sinceObjectId: null };
  const { since, field } = documents;
  const time = new Date(since);
  const sinceObjectId = field === undefined ? objectIdFrom(time) : null;
  return { kind: 'query', filter: filterSince(time, field ?? null), sinceObjectId };
}

/** Raw `{ _id }` of each id. Throws EMC-5001 with the id at fault. */
export function keysOf(ids: readonly unknown[], path: readonly string[]): readonly Uint8Array[] {
  return ids.map((id, index) => keyOfExtendedJson(id, [...path, index]));
}
