/** A duration for use in sentences: "8 s", "3 min", "2 h". Rounded down. */
export function seconds(durationMs: number): string {
  const whole = Math.floor(durationMs / 1_000);
  if (whole < 120) return `${whole} s`;
  if (whole < 7_200) return `${Math.floor(whole / 60)} min`;
  return `${Math.floor(whole / 3_600)} h`;
}

/** "1 entity", "3 entities". */
export function counted(count: number, one: string, many: string): string {
  return `${grouped(count)} ${count === 1 ? one : many}`;
}

/** Adds thousands separators, independent of the server's locale. */
export function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
