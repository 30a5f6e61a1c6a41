/** ISO 8601 with milliseconds in UTC; years outside JavaScript's date range are clamped. */
export function formatDate(milliseconds: bigint): string {
  return new Date(clamped(milliseconds)).toISOString().replace(/^\+0*(?=\d{5})/, '');
}

const dateMsMax = 8_640_000_000_000_000n;

/** Milliseconds as a number that JavaScript's dates can hold. */
export function clamped(milliseconds: bigint): number {
  if (milliseconds > dateMsMax) return Number(dateMsMax);
  return Number(milliseconds < -dateMsMax ? -dateMsMax : milliseconds);
}
