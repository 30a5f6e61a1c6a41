/**
 * A column's path: segments separated by dots. A segment that contains a dot or a quote, or is empty, is written in double
 * quotes, where `\"` and `\\` are escapes: `totals."net.eur"`, `"".x`. The path `$` is the whole document.
 *
 * An unquoted `*` or `$name` is refused: it reads as a wildcard, a variable or an operator, and as a field name it would meet
 * nothing, silently. In quotes it is a field name. The fields of a DBRef need no quotes: `customer.$id`.
 */
import { EmcachersError } from '../emcachers-error.ts';

/** The path of the whole document; it has no segments. */
const wholeDocument = '$';
const dbRefNames: ReadonlySet<string> = new Set(['$ref', '$id', '$db']);

/** Throws EMC-5001 if the text is not a valid path; the message gives the character position. */
export function parsePath(text: string): readonly string[] {
  if (text === wholeDocument) return [];
  const segments: string[] = [];
  let at = 0;
  for (;;) {
    const segment = text[at] === '"' ? quotedSegment(text, at) : plainSegment(text, at);
    segments.push(segment.name);
    if (segment.end === text.length) return segments;
    if (text[segment.end] !== '.') throw pathError(text, segment.end, 'expected a dot or the end');
    at = segment.end + 1;
  }
}

interface Segment {
  readonly name: string;
  readonly end: number;
}

function plainSegment(text: string, start: number): Segment {
  const dot = text.indexOf('.', start);
  const end = dot < 0 ? text.length : dot;
  const name = text.slice(start, end);
  if (name === '') throw pathError(text, start, 'a name is missing; write an empty name as ""');
  const quote = name.indexOf('"');
  if (quote >= 0) throw pathError(text, start + quote, 'a name that contains a quote must be quoted as a whole');
  const meaning = specialMeaning(name, start);
  if (meaning !== null) throw pathError(text, start, meaning);
  return { name: checkedName(text, name, start), end };
}

/** Why an unquoted name is refused; null if it is a plain name. */
function specialMeaning(name: string, start: number): string | null {
  const quoted = `write a field of this name in quotes, ${JSON.stringify(name)}`;
  if (name === '*') return `there are no wildcards; ${quoted}`;
  if (!name.startsWith('$') || (start > 0 && dbRefNames.has(name))) return null;
  return `$ alone is the whole document, and variables such as $root are not supported; ${quoted}`;
}

function quotedSegment(text: string, start: number): Segment {
  let name = '';
  for (let at = start + 1; at < text.length; at += 1) {
    const char = text[at] ?? '';
    if (char === '"') return { name: checkedName(text, name, start), end: at + 1 };
    if (char === '\\') at += 1;
    name += text[at] ?? '';
  }
  throw pathError(text, start, 'this quote is not closed');
}

function checkedName(text: string, name: string, start: number): string {
  if (name.includes('\0')) throw pathError(text, start, 'a MongoDB field name cannot contain NUL');
  return name;
}

function pathError(text: string, at: number, problem: string): EmcachersError {
  const message = `The path ${JSON.stringify(text)} is invalid at character ${at + 1}: ${problem}.`;
  return new EmcachersError({ code: 'EMC-5001', detail: message, fields: [{ path: ['path'], message }] });
}

/** The inverse of `parsePath`; quotes segments where necessary. */
export function formatPath(segments: readonly string[]): string {
  if (segments.length === 0) return wholeDocument;
  return segments
    .map((name) => (/^(?!\$|\*$)[^".]+$/.test(name) ? name : `"${name.replace(/["\\]/g, (char) => `\\${char}`)}"`))
    .join('.');
}
