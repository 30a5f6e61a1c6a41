import { EmcachersError, type FieldProblem } from '@emcachers/core/emcachers-error';

/** Values in Extended JSON, which are never a text of PostgreSQL. A string of MongoDB may contain NUL. */
const extendedJson: ReadonlySet<string> = new Set(['ids', 'documents', 'where']);

const message = 'This text contains a NUL character or half of a surrogate pair.';

/** Throws EMC-5001 with the fields whose text PostgreSQL cannot hold: NUL, and text that is not valid Unicode. */
export function requireStorableText(input: Readonly<Record<string, unknown>>): void {
  const fields = Object.entries(input)
    .filter(([name]) => !extendedJson.has(name))
    .flatMap(([name, value]) => problemsOf(value, [name]));
  if (fields.length === 0) return;
  const names = fields.map(({ path }) => path.join('.')).join(', ');
  throw new EmcachersError({ code: 'EMC-5001', detail: `${names}: ${message}`, fields });
}

/** The input has been validated, so it is finite and its depth is that of a schema. */
function problemsOf(value: unknown, path: readonly (string | number)[]): FieldProblem[] {
  if (typeof value === 'string') return isStorable(value) ? [] : [{ path, message }];
  if (Array.isArray(value)) return value.flatMap((each, index) => problemsOf(each, [...path, index]));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, each]) => problemsOf(each, [...path, name]));
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
