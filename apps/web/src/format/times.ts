import { dateFormatter } from './formatters.ts';

/** Formats of times and durations. Nothing here reads a clock or the machine's time zone. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

/** `0.4 s`, `38 s`, `12 min`, `3 h 5 min`, `3 d 2 h`: at most two units; the smaller one is omitted if it is zero. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms < 10_000) return `${(Math.floor(ms / 100) / 10).toFixed(1)} s`;
  if (ms < minuteMs) return `${Math.floor(ms / 1_000)} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min`;
  if (ms < dayMs) return twoUnits({ whole: ms, unitMs: hourMs, unit: 'h', restMs: minuteMs, rest: 'min' });
  return twoUnits({ whole: ms, unitMs: dayMs, unit: 'd', restMs: hourMs, rest: 'h' });
}

interface TwoUnits {
  readonly whole: number;
  readonly unitMs: number;
  readonly unit: string;
  readonly restMs: number;
  readonly rest: string;
}

function twoUnits({ whole, unitMs, unit, restMs, rest }: TwoUnits): string {
  const restCount = Math.floor((whole % unitMs) / restMs);
  const units = `${Math.floor(whole / unitMs)} ${unit}`;
  return restCount === 0 ? units : `${units} ${restCount} ${rest}`;
}

/** A latency or lag: milliseconds below one second, otherwise a duration. */
export function formatLag(lagMs: number): string {
  return lagMs < 1_000 ? `${Math.max(0, Math.round(lagMs))} ms` : formatDuration(lagMs);
}

/** `0.6 s ago`, `just now`. A time in the future counts as now, because clocks of machines differ slightly. */
export function formatAgo(atMs: number, nowMs: number): string {
  const ageMs = nowMs - atMs;
  return ageMs < 100 ? 'just now' : `${formatDuration(ageMs)} ago`;
}

export interface MomentContext {
  readonly nowMs: number;
  readonly timeZone: string;
  /** With milliseconds. */
  readonly isPrecise?: boolean;
}

/** The time of day, preceded by the date if it is not today: `12:03:21`, `Nov 20, 18:10:04`. */
export function formatMoment(atMs: number, { nowMs, timeZone, isPrecise = false }: MomentContext): string {
  const clock = dateFormatter('en-GB', {
    timeZone,
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...(isPrecise ? { fractionalSecondDigits: 3 } : {}),
  });
  const day = dateFormatter('en-US', { timeZone, month: 'short', day: 'numeric' });
  const today = day.format(atMs) === day.format(nowMs) && Math.abs(nowMs - atMs) < dayMs;
  return today ? clock.format(atMs) : `${day.format(atMs)}, ${clock.format(atMs)}`;
}

/** The full form, for titles: date, time to the millisecond (if `isPrecise`, the default) and time zone. */
export function formatFullMoment(atMs: number, timeZone: string, isPrecise = true): string {
  return dateFormatter('en-US', {
    timeZone,
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    ...(isPrecise ? { fractionalSecondDigits: 3 } : {}),
    hourCycle: 'h23',
    timeZoneName: 'short',
  }).format(atMs);
}
