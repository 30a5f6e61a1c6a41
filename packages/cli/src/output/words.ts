/** Times and amounts as people read them in a terminal. */

const units = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;

/** `3 min`, `250 ms`; null if unknown. */
export function durationText(ms: number | null): string | null {
  if (ms === null) return null;
  const unit = units.find(([size]) => ms >= size);
  return unit === undefined ? `${Math.round(ms)} ms` : `${Math.floor(ms / unit[0])} ${unit[1]}`;
}

const grouping = new Intl.NumberFormat('en-US');

export function countText(count: number | null): string | null {
  return count === null ? null : grouping.format(count);
}
