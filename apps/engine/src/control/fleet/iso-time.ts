/** The API's format for a time given in milliseconds since 1970: ISO 8601, UTC. */
export function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

export function isoOrNull(timeMs: number | null): string | null {
  return timeMs === null ? null : iso(timeMs);
}
