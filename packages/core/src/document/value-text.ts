/**
 * The canonical text of each BSON scalar, the same in `Text` and `Any` columns and inside JSON: ObjectId as hex, dates as
 * ISO 8601 UTC with milliseconds, Decimal128 as specified, UUIDs in standard form, other binary data as base64,
 * timestamps as `seconds:increment`, regular expressions as `/pattern/options`, code and symbols as their text.
 */
import { bsonTypes } from '@emcachers/bson/bson-types';
import { readInt32 } from '@emcachers/bson/read-bytes';
import { cstringEnd } from '@emcachers/bson/value-end';
import { DocumentError } from './document-error.ts';

const msPerDay = 86_400_000;

/** Decodes a UTF-8 range. Invalid bytes become U+FFFD, which `holdsDamagedText` detects. */
export function utf8At(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end);
}

/** The int64 at `start`, little-endian. */
export function int64At(bytes: Buffer, start: number): bigint {
  return bytes.readBigInt64LE(start);
}

/** A number if the value is a safe integer, else a bigint: bigints are slow and rarely needed. */
export function integerAt(bytes: Buffer, start: number): number | bigint {
  const high = readInt32(bytes, start + 4);
  if (high >= -0x20_0000 && high < 0x20_0000) {
    const value = high * 0x1_0000_0000 + (readInt32(bytes, start) >>> 0);
    if (Number.isSafeInteger(value)) return value;
  }
  return bytes.readBigInt64LE(start);
}

/** 24 hexadecimal digits. */
export function objectIdText(bytes: Buffer, start: number): string {
  return bytes.toString('hex', start, start + 12);
}

/** Covers all BSON dates, ±292 million years; JavaScript's own dates end at ±275,760. */
export function dateText(epochMs: number | bigint): string {
  const days = typeof epochMs === 'number' ? Math.floor(epochMs / msPerDay) : bigDays(epochMs);
  const msOfDay =
    typeof epochMs === 'number' ? epochMs - days * msPerDay : Number(epochMs - BigInt(days) * 86_400_000n);
  const seconds = Math.floor(msOfDay / 1000);
  const minutes = Math.floor(seconds / 60);
  const time = `${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}:${twoDigits(seconds % 60)}`;
  const ms = msOfDay % 1000;
  return `${civilDate(days)}T${time}.${ms < 100 ? '0' : ''}${twoDigits(ms)}Z`;
}

function bigDays(epochMs: bigint): number {
  const days = epochMs / 86_400_000n;
  return Number(days * 86_400_000n > epochMs ? days - 1n : days);
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}

/** Days since 1970 to a proleptic Gregorian date: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
function civilDate(days: number): string {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const monthFromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * monthFromMarch + 2) / 5) + 1;
  const month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${yearText(year)}-${twoDigits(month)}-${twoDigits(dayOfMonth)}`;
}

/** Years outside 0 to 9999 have a sign and at least six digits, as in ECMAScript. */
function yearText(year: number): string {
  if (year >= 1000 && year <= 9999) return String(year);
  if (year >= 0 && year <= 9999) return String(year).padStart(4, '0');
  return `${year < 0 ? '-' : '+'}${String(Math.abs(year)).padStart(6, '0')}`;
}

/** Above this length one native call is faster than a loop over the bytes. */
const shortBytesMax = 24;

/** A UTF-8 range as a JSON string. The fast path: short names and values are almost always ASCII that needs no escaping. */
export function jsonString(bytes: Buffer, start: number, end: number): string {
  if (end - start > shortBytesMax) return JSON.stringify(utf8At(bytes, start, end));
  let text = '"';
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) return JSON.stringify(utf8At(bytes, start, end));
    text += String.fromCharCode(byte);
  }
  return `${text}"`;
}

/** The bytes of a binary value, from `start` up to but not including `end`. */
export interface BinaryValue {
  readonly subtype: number;
  readonly start: number;
  readonly end: number;
}

const oldBinarySubtype = 2;
const uuidSubtype = 4;

/** The range of the payload. The deprecated subtype 2 repeats the length before it. */
export function binaryAt(bytes: Buffer, start: number): BinaryValue {
  const end = start + 5 + readInt32(bytes, start);
  const subtype = bytes[start + 4] ?? 0;
  if (subtype !== oldBinarySubtype) return { subtype, start: start + 5, end };
  if (readInt32(bytes, start + 5) !== end - start - 9)
    throw new DocumentError(`The binary value at byte ${start} has two different lengths.`);
  return { subtype, start: start + 9, end };
}

/** Subtype 3 is not treated as a UUID: drivers disagreed on its byte order, so it is written as base64. */
export function isUuid(binary: BinaryValue): boolean {
  return binary.subtype === uuidSubtype && binary.end - binary.start === 16;
}

/** Base64; a UUID in its usual form. */
export function binaryText(bytes: Buffer, binary: BinaryValue): string {
  if (!isUuid(binary)) return bytes.toString('base64', binary.start, binary.end);
  const hex = bytes.toString('hex', binary.start, binary.end);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** `seconds:increment`. */
export function timestampText(bytes: Buffer, start: number): string {
  return `${readInt32(bytes, start + 4) >>> 0}:${readInt32(bytes, start) >>> 0}`;
}

/** `/pattern/options`. */
export function regexText(bytes: Buffer, start: number): string {
  const patternEnd = cstringEnd(bytes, start);
  const optionsEnd = cstringEnd(bytes, patternEnd + 1);
  return `/${utf8At(bytes, start, patternEnd)}/${utf8At(bytes, patternEnd + 1, optionsEnd)}`;
}

/** Text of a string, code or symbol value, without its length and closing NUL. */
export function stringAt(bytes: Buffer, start: number): string {
  return utf8At(bytes, start + 4, start + 3 + readInt32(bytes, start));
}

/** A double as JSON that reads back as a double: 1.0, not 1. Non-finite values become strings. */
export function doubleJson(value: number): string {
  if (!Number.isFinite(value)) return `"${value}"`;
  if (Object.is(value, -0)) return '-0.0';
  const text = String(value);
  return Number.isInteger(value) && Math.abs(value) < 1e21 ? `${text}.0` : text;
}

/** MinKey and MaxKey carry no value, so their text is their name. */
export function boundaryText(type: number): string {
  return type === bsonTypes.minKey ? 'MinKey' : 'MaxKey';
}
