/** Creating a date formatter costs a hundred times more than using it, and pages use the same few many times a second. */
const made = new Map<string, Intl.DateTimeFormat>();

/** The formatter for a locale and options; created once for each. */
export function dateFormatter(locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  const formatter = new Intl.DateTimeFormat(locale, options);
  made.set(key, formatter);
  return formatter;
}
