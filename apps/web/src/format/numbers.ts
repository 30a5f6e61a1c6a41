/** Formats of figures: thousands separators, explicit units, `~` before an estimate, `—` for unknown. */

export const unknownFigure = '—';

const counts = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });
const rates = new Intl.NumberFormat('en-US', { maximumFractionDigits: 1 });
const bytesUnits = ['B', 'kB', 'MB', 'GB', 'TB'] as const;

export function formatCount(count: number | null): string {
  return count === null ? unknownFigure : counts.format(count);
}

/** An estimate to two or three significant digits, for example `~4.1 M`; small estimates stay exact. */
export function formatEstimate(count: number | null): string {
  if (count === null) return unknownFigure;
  if (count < 10_000) return `~${counts.format(count)}`;
  const [divisor, unit] = count < 1_000_000 ? ([1_000, 'k'] as const) : ([1_000_000, 'M'] as const);
  const scaled = count / divisor;
  return `~${scaled < 100 ? rates.format(scaled) : counts.format(scaled)} ${unit}`;
}

/** Changes or documents per second; below ten with one decimal, so that a low rate is not shown as zero. */
export function formatRate(perSecond: number | null): string {
  if (perSecond === null) return unknownFigure;
  return perSecond < 10 ? rates.format(perSecond) : counts.format(perSecond);
}

/** Decimal units (1 MB = 1,000,000 bytes), as `ls --si` uses. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return unknownFigure;
  let scaled = bytes;
  let index = 0;
  while (scaled >= 1_000 && index < bytesUnits.length - 1) {
    scaled /= 1_000;
    index += 1;
  }
  const figure = index === 0 || scaled >= 100 ? counts.format(scaled) : rates.format(scaled);
  return `${figure} ${bytesUnits[index] ?? 'B'}`;
}

/** A share between 0 and 1 as a percentage. Only exactly 1 is shown as 100 %, only exactly 0 as 0 %. */
export function formatShare(share: number): string {
  if (share >= 1) return '100 %';
  if (share <= 0) return '0 %';
  const percent = share * 100;
  if (percent > 99) return `${Math.min(99.9, Math.floor(percent * 10) / 10)} %`;
  return `${Math.max(1, Math.round(percent))} %`;
}

/** `1 node`, `3 nodes`: the count with the noun in singular or plural. */
export function plural(count: number, singular: string, several = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 ? singular : several}`;
}
