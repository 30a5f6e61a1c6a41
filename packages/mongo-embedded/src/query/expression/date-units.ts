import { bsonTypes } from '@emcachers/bson/bson-types';
import { stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { nameTable } from '../name-table.ts';
import { numericOf, toInteger } from '../numeric.ts';
import type { Argument } from './operator.ts';
import { isPresent } from './operator.ts';
import { fromLocal, type TimeZone, toLocal } from './time-zone.ts';

export const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** A unit of time: a fixed number of milliseconds, or a number of months. */
export interface DateUnit {
  readonly milliseconds?: number;
  readonly months?: number;
}

const units: Readonly<Record<string, DateUnit>> = nameTable({
  millisecond: { milliseconds: 1 },
  second: { milliseconds: 1000 },
  minute: { milliseconds: 60_000 },
  hour: { milliseconds: hourMs },
  day: { milliseconds: dayMs },
  week: { milliseconds: 7 * dayMs },
  month: { months: 1 },
  quarter: { months: 3 },
  year: { months: 12 },
});

export function unitOf(value: Argument, name: string): DateUnit {
  const text = value?.type === bsonTypes.string ? stringOf(value) : '';
  const unit = units[text];
  if (unit === undefined)
    throw new MongoFailure(
      'FailedToParse',
      `${name} parameter 'unit' value cannot be recognized as a time unit: ${text}`,
    );
  return unit;
}

const weekdays = ['thursday', 'friday', 'saturday', 'sunday', 'monday', 'tuesday', 'wednesday'];

/** Days from Thursday, the weekday of 1970-01-01, to the first day of the week; Sunday by default. */
export function startOfWeek(value: Argument, name: string): number {
  if (!isPresent(value)) return weekdays.indexOf('sunday');
  const text = value.type === bsonTypes.string ? stringOf(value).toLowerCase() : '';
  const day = weekdays.findIndex((weekday) => weekday === text || weekday.slice(0, 3) === text);
  if (day < 0)
    throw new MongoFailure(
      'FailedToParse',
      `${name} parameter 'startOfWeek' value cannot be recognized as a day of a week: ${text}`,
    );
  return day;
}

/** `binSize` of `$dateTrunc`: a positive integer, 1 by default. */
export function binSize(value: Argument): number {
  if (!isPresent(value)) return 1;
  const number = numericOf(value);
  const size = number === undefined ? undefined : toInteger(number);
  if (size === undefined || size <= 0n)
    throw new MongoFailure(5439018, "$dateTrunc requires 'binSize' to be a 64-bit integer greater than 0");
  return Number(size);
}

function monthsOf(local: Date): number {
  return local.getUTCFullYear() * 12 + local.getUTCMonth();
}

/** The time that many units later. Days and longer units keep the local time of day; shorter ones are durations. */
export function addUnits(
  utcMs: number,
  { milliseconds, months = 0 }: DateUnit,
  { count, zone }: { readonly count: number; readonly zone: TimeZone },
): number {
  if (milliseconds !== undefined && milliseconds < dayMs) return utcMs + milliseconds * count;
  const local = toLocal(utcMs, zone);
  if (milliseconds !== undefined) return fromLocal(local.getTime() + milliseconds * count, zone);
  const total = monthsOf(local) + months * count;
  const [year, month] = [Math.floor(total / 12), ((total % 12) + 12) % 12];
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate();
  const timeOfDayMs = local.getTime() - Math.floor(local.getTime() / dayMs) * dayMs;
  return fromLocal(Date.UTC(year, month, Math.min(local.getUTCDate(), lastDay)) + timeOfDayMs, zone);
}

interface Calendar {
  readonly zone: TimeZone;
  readonly weekStart: number;
}

/** Boundaries of the unit, in local time, between two times. */
export function unitsBetween(
  startMs: number,
  endMs: number,
  { unit, zone, weekStart }: Calendar & { readonly unit: DateUnit },
): number {
  const [start, end] = [toLocal(startMs, zone), toLocal(endMs, zone)];
  const { milliseconds, months = 1 } = unit;
  if (milliseconds === undefined) return Math.floor(monthsOf(end) / months) - Math.floor(monthsOf(start) / months);
  if (milliseconds < hourMs) return Math.floor(endMs / milliseconds) - Math.floor(startMs / milliseconds);
  const shift = milliseconds === 7 * dayMs ? weekStart * dayMs : 0;
  const index = (local: Date): number => Math.floor((local.getTime() - shift) / milliseconds);
  // An hour that comes twice is two hours, so hours count in UTC, with the offset of their zone's minutes.
  if (milliseconds === hourMs) {
    const offset = zone.offsetAt(startMs) % hourMs;
    return Math.floor((endMs + offset) / hourMs) - Math.floor((startMs + offset) / hourMs);
  }
  return index(end) - index(start);
}

/** The bins of `$dateTrunc` count from this date in the zone's local time. */
const referenceMs = Date.UTC(2000, 0, 1);

/** The start of the bin, of `size` units, that holds the time. */
export function startOfBin(
  utcMs: number,
  unit: DateUnit,
  { zone, weekStart, size }: Calendar & { readonly size: number },
): number {
  const { milliseconds, months = 1 } = unit;
  if (milliseconds !== undefined && milliseconds < dayMs) {
    const reference = fromLocal(referenceMs, zone);
    const bin = milliseconds * size;
    return Math.floor((utcMs - reference) / bin) * bin + reference;
  }
  const local = toLocal(utcMs, zone);
  if (milliseconds !== undefined) {
    const reference = milliseconds === dayMs ? referenceMs : weekReference(weekStart);
    const bin = milliseconds * size;
    return fromLocal(Math.floor((local.getTime() - reference) / bin) * bin + reference, zone);
  }
  const bin = months * size;
  const first = monthsOf(new Date(referenceMs));
  const total = Math.floor((monthsOf(local) - first) / bin) * bin + first;
  return fromLocal(Date.UTC(Math.floor(total / 12), ((total % 12) + 12) % 12, 1), zone);
}

/** The first start of a week at or after the reference date. */
function weekReference(weekStart: number): number {
  const days = referenceMs / dayMs;
  return (days + ((((weekStart - days) % 7) + 7) % 7)) * dayMs;
}
