import type { AppRouter } from '@emcachers/engine/api';
import type { inferRouterInputs } from '@trpc/server';

/** Which documents an action concerns, as the engine takes it. */
export type SelectedDocuments = inferRouterInputs<AppRouter>['entities']['refreshDocuments']['documents'];

/** What the operator has typed. */
export interface DocumentsDraft {
  readonly by: 'ids' | 'query' | 'since';
  /** One `_id` in each line, or a query. */
  readonly text: string;
  readonly since: string;
  readonly field: string;
}

export const emptyDocuments: DocumentsDraft = { by: 'ids', text: '', since: '', field: '' };

/** Null until the draft is complete. What a query or an `_id` means is checked by the engine. */
export function selectedDocuments({ by, text, since, field }: DocumentsDraft): SelectedDocuments | null {
  if (by === 'since') return sinceTime(since, field.trim());
  if (by === 'query') return byQuery(text);
  const ids = idsOf(text);
  return ids.length === 0 ? null : { ids };
}

/** A line is Extended JSON, the hex of an ObjectId, or else the text of a string. */
function idsOf(text: string): unknown[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.filter((line) => line !== '').map((line) => parsedJson(line) ?? plainId(line));
}

function plainId(line: string): unknown {
  return /^[0-9a-f]{24}$/i.test(line) ? { $oid: line } : line;
}

function byQuery(text: string): SelectedDocuments | null {
  const query = parsedJson(text);
  const isObject = typeof query === 'object' && query !== null && !Array.isArray(query);
  return isObject ? { query: Object.fromEntries(Object.entries(query)) } : null;
}

function sinceTime(since: string, field: string): SelectedDocuments | null {
  const time = new Date(since);
  if (Number.isNaN(time.getTime())) return null;
  return { since: time.toISOString(), ...(field === '' ? {} : { field }) };
}

/** Undefined if the text is not JSON. A number that JSON would round is taken as Extended JSON has it. */
function parsedJson(text: string): unknown {
  if (/^-?\d{16,}$/.test(text)) return /^[0-9a-f]{24}$/i.test(text) ? undefined : { $numberLong: text };
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
