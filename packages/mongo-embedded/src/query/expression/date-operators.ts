import { bsonTypes } from '@emcachers/bson/bson-types';
import {
  dateValue,
  int32Value,
  int64Value,
  nullValue,
  type RawValue,
  stringOf,
  stringValue,
} from '@emcachers/bson/raw-value';
import { readInt64, readUint32 } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { integerIn } from '../numeric.ts';
import { typeNameOf } from '../type-names.ts';
import { parsedDate } from './conversion-operators.ts';
import { clamped } from './date-format.ts';
import { addUnits, binSize, dayMs, startOfBin, startOfWeek, unitOf, unitsBetween } from './date-units.ts';
import { documentOf } from './expression.ts';
import {
  type Argument,
  isNullish,
  isPresent,
  type OperatorCompiler,
  type OperatorTable,
  withArguments,
  withNamed,
} from './operator.ts';
import { timeZoneOf, toLocal } from './time-zone.ts';

/** The time of a date, an ObjectId or a timestamp. */
function momentOf(value: RawValue, name: string): Date {
  if (value.type === bsonTypes.date) return new Date(clamped(readInt64(value.bytes, value.start)));
  if (value.type === bsonTypes.timestamp) return new Date(readUint32(value.bytes, value.start + 4) * 1000);
  if (value.type === bsonTypes.objectId) {
    const [one = 0, two = 0, three = 0, four = 0] = value.span();
    return new Date((((one << 24) | (two << 16) | (three << 8) | four) >>> 0) * 1000);
  }
  throw new MongoFailure(16006, `can't convert from BSON type ${typeNameOf(value)} to Date (${name})`);
}

function inZone(value: RawValue, zone: Argument, name: string): Date {
  return toLocal(momentOf(value, name).getTime(), timeZoneOf(zone));
}

function dayOfYear(date: Date): number {
  return Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / dayMs) + 1;
}

/** ISO 8601 week: a day belongs to the week of its Thursday. */
function isoWeek(date: Date): { year: number; week: number } {
  const thursday = new Date(date.getTime() + (3 - ((date.getUTCDay() + 6) % 7)) * dayMs);
  return { year: thursday.getUTCFullYear(), week: Math.floor((dayOfYear(thursday) - 1) / 7) + 1 };
}

const parts = {
  $year: (date: Date) => date.getUTCFullYear(),
  $month: (date: Date) => date.getUTCMonth() + 1,
  $dayOfMonth: (date: Date) => date.getUTCDate(),
  $hour: (date: Date) => date.getUTCHours(),
  $minute: (date: Date) => date.getUTCMinutes(),
  $second: (date: Date) => date.getUTCSeconds(),
  $millisecond: (date: Date) => date.getUTCMilliseconds(),
  $dayOfWeek: (date: Date) => date.getUTCDay() + 1,
  $dayOfYear: dayOfYear,
  $isoDayOfWeek: (date: Date) => ((date.getUTCDay() + 6) % 7) + 1,
  $isoWeek: (date: Date) => isoWeek(date).week,
  $isoWeekYear: (date: Date) => isoWeek(date).year,
  $week: (date: Date) => Math.floor((dayOfYear(date) + 6 - date.getUTCDay()) / 7),
} as const;

/** A part of a date; the operand is a date or `{ date, timezone }`. */
function part(read: (date: Date) => number): OperatorCompiler {
  const named = withNamed({ required: ['date'], optional: ['timezone'], code: 40535 }, ({ date, timezone }, name) =>
    isPresent(date) && !isNull(timezone) ? int32Value(read(inZone(date, timezone, name))) : nullValue,
  );
  const plain = withArguments(1, ([date], name) =>
    isPresent(date) ? int32Value(read(momentOf(date, name))) : nullValue,
  );
  return (use) => (use.operand.type === bsonTypes.object && isNamed(use.operand) ? named(use) : plain(use));
}

/** A zone that is given and null makes the result null; a missing one is UTC. */
function isNull(zone: Argument): boolean {
  return zone !== undefined && isNullish(zone);
}

function isNamed(operand: RawValue): boolean {
  return operand.bytes[operand.start + 5] !== 0x24;
}

function padded(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

const formats: Readonly<Record<string, (date: Date, minutes: number) => string>> = {
  Y: (date) => padded(date.getUTCFullYear(), 4),
  m: (date) => padded(date.getUTCMonth() + 1, 2),
  d: (date) => padded(date.getUTCDate(), 2),
  H: (date) => padded(date.getUTCHours(), 2),
  M: (date) => padded(date.getUTCMinutes(), 2),
  S: (date) => padded(date.getUTCSeconds(), 2),
  L: (date) => padded(date.getUTCMilliseconds(), 3),
  j: (date) => padded(dayOfYear(date), 3),
  w: (date) => String(date.getUTCDay() + 1),
  u: (date) => String(((date.getUTCDay() + 6) % 7) + 1),
  U: (date) => padded(parts.$week(date), 2),
  V: (date) => padded(isoWeek(date).week, 2),
  G: (date) => padded(isoWeek(date).year, 4),
  z: (_date, minutes) =>
    `${minutes < 0 ? '-' : '+'}${padded(Math.floor(Math.abs(minutes) / 60), 2)}${padded(Math.abs(minutes) % 60, 2)}`,
  Z: (_date, minutes) => `${minutes < 0 ? '-' : '+'}${padded(Math.abs(minutes), 3)}`,
  '%': () => '%',
};

/** Zones whose default format ends with Z. */
const utcNames: readonly string[] = ['UTC', 'GMT', 'Z'];

function defaultFormat(timezone: Argument): string {
  const isUtc = timezone === undefined || (timezone.type === bsonTypes.string && utcNames.includes(stringOf(timezone)));
  return isUtc ? '%Y-%m-%dT%H:%M:%S.%LZ' : '%Y-%m-%dT%H:%M:%S.%L';
}

function dateToString({ date, format, timezone, onNull }: Readonly<Record<string, Argument>>, name: string): Argument {
  if (!isPresent(date)) return onNull ?? nullValue;
  if (isNull(timezone)) return nullValue;
  const utcMs = momentOf(date, name).getTime();
  const offsetMs = timeZoneOf(timezone).offsetAt(utcMs);
  const [moment, minutes] = [new Date(utcMs + offsetMs), Math.round(offsetMs / 60_000)];
  const pattern = isPresent(format) ? stringOf(format) : defaultFormat(timezone);
  return stringValue(
    pattern.replace(/%([\s\S])?/g, (_whole, letter: string | undefined) => {
      const write = formats[letter ?? ''];
      if (write === undefined)
        throw new MongoFailure(18536, `Invalid format character '%${letter ?? ''}' in format string`);
      return write(moment, minutes);
    }),
  );
}

function dateFromString({
  dateString,
  format,
  timezone,
  onError,
  onNull,
}: Readonly<Record<string, Argument>>): Argument {
  if (!isPresent(dateString)) return onNull ?? nullValue;
  if (format !== undefined)
    throw new MongoFailure('CommandNotSupported', '$dateFromString with a format is not supported by this server');
  try {
    return dateOfText(dateString, timezone);
  } catch (error) {
    if (error instanceof MongoFailure && onError !== undefined) return onError;
    throw error;
  }
}

function dateOfText(text: RawValue, timezone: Argument): RawValue {
  if (text.type !== bsonTypes.string)
    throw new MongoFailure(
      'ConversionFailure',
      `$dateFromString requires that 'dateString' be a string, found: ${typeNameOf(text)}`,
    );
  return isNull(timezone) ? nullValue : parsedDate(stringOf(text), timezone);
}

function integer(value: Argument, name: string): number {
  const whole = value === undefined ? undefined : integerIn(value);
  if (whole === undefined) throw new MongoFailure(5166405, `${name} expects integer amount of time units`);
  return Number(whole);
}

function shifted(direction: 1 | -1): OperatorCompiler {
  return withNamed(
    { required: ['startDate', 'unit', 'amount'], optional: ['timezone'], code: 5166401 },
    ({ startDate, unit, amount, timezone }, name) => {
      if (!isPresent(startDate) || !isPresent(unit) || !isPresent(amount) || isNull(timezone)) return nullValue;
      const utcMs = momentOf(startDate, name).getTime();
      const count = integer(amount, name) * direction;
      const moved = addUnits(utcMs, unitOf(unit, name), { count, zone: timeZoneOf(timezone) });
      if (!(Math.abs(moved) < 2 ** 63)) throw new MongoFailure('Overflow', `${name} overflowed`);
      return dateValue(BigInt(moved));
    },
  );
}

/** Boundaries crossed between two dates, as MongoDB counts them. */
function dateDifference(values: Readonly<Record<string, Argument>>, name: string): Argument {
  const { startDate, endDate, unit, timezone } = values;
  if (!isPresent(startDate) || !isPresent(endDate) || !isPresent(unit) || isNull(timezone)) return nullValue;
  const [start, end] = [momentOf(startDate, name), momentOf(endDate, name)];
  const difference = unitsBetween(start.getTime(), end.getTime(), {
    unit: unitOf(unit, name),
    zone: timeZoneOf(timezone),
    weekStart: startOfWeek(values['startOfWeek'], name),
  });
  return int64Value(BigInt(difference));
}

function truncated(values: Readonly<Record<string, Argument>>, name: string): Argument {
  const { date, unit, timezone } = values;
  if (!isPresent(date) || !isPresent(unit) || isNull(timezone)) return nullValue;
  const start = startOfBin(momentOf(date, name).getTime(), unitOf(unit, name), {
    zone: timeZoneOf(timezone),
    weekStart: startOfWeek(values['startOfWeek'], name),
    size: binSize(values['binSize']),
  });
  return dateValue(BigInt(start));
}

function dateParts({ date, timezone }: Readonly<Record<string, Argument>>, name: string): Argument {
  if (!isPresent(date) || isNull(timezone)) return nullValue;
  const moment = inZone(date, timezone, name);
  return documentOf([
    ['year', int32Value(moment.getUTCFullYear())],
    ['month', int32Value(moment.getUTCMonth() + 1)],
    ['day', int32Value(moment.getUTCDate())],
    ['hour', int32Value(moment.getUTCHours())],
    ['minute', int32Value(moment.getUTCMinutes())],
    ['second', int32Value(moment.getUTCSeconds())],
    ['millisecond', int32Value(moment.getUTCMilliseconds())],
  ]);
}

function timestampPart(offset: 0 | 4): OperatorCompiler {
  return withArguments(1, ([value], name) => {
    if (!isPresent(value)) return nullValue;
    if (value.type !== bsonTypes.timestamp)
      throw new MongoFailure(5687301, `${name} requires a timestamp argument, found ${typeNameOf(value)}`);
    return int64Value(BigInt(readUint32(value.bytes, value.start + offset)));
  });
}

/** Operators on dates, in UTC or another time zone. Source: the manual's page "Date Expression Operators". */
export const dateOperators: OperatorTable = {
  ...Object.fromEntries(Object.entries(parts).map(([name, read]) => [name, part(read)])),
  $dateToString: withNamed(
    { required: ['date'], optional: ['format', 'timezone', 'onNull'], code: 18534 },
    dateToString,
  ),
  $dateFromString: withNamed(
    { required: ['dateString'], optional: ['format', 'timezone', 'onError', 'onNull'], code: 40541 },
    dateFromString,
  ),
  $dateToParts: withNamed({ required: ['date'], optional: ['timezone'], code: 40520 }, dateParts),
  $dateAdd: shifted(1),
  $dateSubtract: shifted(-1),
  $dateDiff: withNamed(
    { required: ['startDate', 'endDate', 'unit'], optional: ['timezone', 'startOfWeek'], code: 5166303 },
    dateDifference,
  ),
  $dateTrunc: withNamed(
    { required: ['date', 'unit'], optional: ['timezone', 'binSize', 'startOfWeek'], code: 5439007 },
    truncated,
  ),
  $tsSecond: timestampPart(4),
  $tsIncrement: timestampPart(0),
};
