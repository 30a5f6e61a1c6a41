/** What a typed filter means: undefined if nothing is typed, the value of the JSON, or the text itself if it is not JSON. */
export function filterOfText(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The reverse of `filterOfText`, laid out for reading. */
export function textOfFilter(filter: unknown): string {
  if (filter === undefined) return '';
  return typeof filter === 'string' ? filter : JSON.stringify(filter, null, 2);
}
