import { bsonTypes } from '@emcachers/bson/bson-types';
import { stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../../error/mongo-failure.ts';
import { typeNameOf } from '../type-names.ts';
import type { Argument } from './operator.ts';

const minuteMs = 60_000;

/** A time zone: a fixed offset, or a named zone whose offset depends on the time. */
export interface TimeZone {
  /** Milliseconds that local clocks are ahead of UTC at a time in UTC. */
  offsetAt(utcMs: number): number;
}

export const utc: TimeZone = { offsetAt: () => 0 };

/**
 * The zone of a `timezone` argument: `+hh:mm`, `+hhmm`, `+hh`, or a name of the Olson database. UTC if it is missing.
 * Throws 40517 for another type and 40485 for an unknown name. Source: manual, "Date Expression Operators".
 */
export function timeZoneOf(zone: Argument): TimeZone {
  if (zone === undefined) return utc;
  if (zone.type !== bsonTypes.string)
    throw new MongoFailure(40517, `timezone must evaluate to a string, found ${typeNameOf(zone)}`);
  const text = stringOf(zone);
  const known = zones.get(text);
  if (known !== undefined) return known;
  const made = fixedZone(text) ?? namedZone(text);
  if (zones.size < zonesMax) zones.set(text, made);
  return made;
}

/** Zones that were asked for: making one reads the zone's rules. */
const zones = new Map<string, TimeZone>();
const zonesMax = 1_000;

function fixedZone(text: string): TimeZone | undefined {
  const offset = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(text);
  if (offset === null) return undefined;
  const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
  const offsetMs = (offset[1] === '-' ? -minutes : minutes) * minuteMs;
  return { offsetAt: () => offsetMs };
}

function namedZone(text: string): TimeZone {
  if (text === 'UTC' || text === 'GMT' || text === 'Z') return utc;
  const format = formatIn(text);
  return {
    offsetAt(utcMs) {
      const parts: Record<string, number> = {};
      for (const { type, value } of format.formatToParts(utcMs)) parts[type] = Number(value);
      const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
      return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utcMs / 1000) * 1000;
    },
  };
}

function formatIn(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'iso8601',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch {
    throw new MongoFailure(40485, `unrecognized time zone identifier: "${timeZone}"`);
  }
}

/** The local time of the zone, in the UTC fields of the result. */
export function toLocal(utcMs: number, zone: TimeZone): Date {
  return new Date(utcMs + zone.offsetAt(utcMs));
}

/**
 * The UTC time, in milliseconds, at which clocks of the zone show a local time. A time that a change of clocks skips is
 * moved forward by the change; of a time that comes twice, the first is taken.
 */
export function fromLocal(localMs: number, zone: TimeZone): number {
  const before = zone.offsetAt(localMs - 86_400_000);
  const guess = localMs - before;
  return zone.offsetAt(guess) === before ? guess : atLaterOffset(localMs, guess, zone);
}

function atLaterOffset(localMs: number, guess: number, zone: TimeZone): number {
  const later = localMs - zone.offsetAt(guess);
  return zone.offsetAt(later) === zone.offsetAt(guess) ? later : guess;
}
