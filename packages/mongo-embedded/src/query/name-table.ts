/** A lookup table for names that come from clients; without inherited entries such as `constructor`. */
export function nameTable<Entry>(entries: Readonly<Record<string, Entry>>): Readonly<Record<string, Entry>> {
  return Object.assign(Object.create(null) as Record<string, Entry>, entries);
}
