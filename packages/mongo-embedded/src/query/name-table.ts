/** A table to look names up in that come from clients: it knows nothing but its own entries, not even `constructor`. */
export function nameTable<Entry>(entries: Readonly<Record<string, Entry>>): Readonly<Record<string, Entry>> {
  return Object.assign(Object.create(null) as Record<string, Entry>, entries);
}
