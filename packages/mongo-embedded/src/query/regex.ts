import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { textBetween } from '@emcachers/bson/read-bytes';
import { MongoFailure } from '../error/mongo-failure.ts';
import { nameTable } from './name-table.ts';

/** A regular expression as stored in BSON. */
export interface RegexParts {
  readonly pattern: string;
  readonly flags: string;
}

export function regexParts(value: RawValue): RegexParts {
  const middle = value.bytes.indexOf(0, value.start);
  return {
    pattern: textBetween(value.bytes, value.start, middle),
    flags: textBetween(value.bytes, middle + 1, value.end - 1),
  };
}

/** Tests strings and symbols against the expression, and regular expressions for being the same one, as MongoDB does. */
export function regexTest(parts: RegexParts): (value: RawValue | undefined) => boolean {
  const expression = compileRegex(parts);
  return (value) => {
    if (value === undefined) return false;
    if (value.type === bsonTypes.string || value.type === bsonTypes.symbol) return expression.test(stringOf(value));
    if (value.type !== bsonTypes.regex) return false;
    const other = regexParts(value);
    return other.pattern === parts.pattern && other.flags === parts.flags;
  };
}

/**
 * A PCRE pattern as a JavaScript expression that matches the same strings. A pattern that JavaScript cannot express
 * fails with MongoDB's code for an invalid expression (51091); it never runs with a different meaning.
 */
export function compileRegex({ pattern, flags }: RegexParts): RegExp {
  const inline = /^\(\?([imsx]+)\)/.exec(pattern);
  const all = new Set(`${flags}${inline?.[1] ?? ''}`);
  for (const flag of all) {
    if (!'imsxu'.includes(flag)) throw new MongoFailure(51108, `invalid flag in regex options: ${flag}`);
  }
  const body = inline === null ? pattern : pattern.slice(inline[0].length);
  const source = translate(body, { isMultiline: all.has('m'), isDotAll: all.has('s'), isExtended: all.has('x') });
  const options = `${all.has('i') ? 'i' : ''}${all.has('m') ? 'm' : ''}`;
  try {
    return new RegExp(source, `${options}u`);
  } catch {
    return withoutUnicode(source, options, pattern);
  }
}

/** Some harmless escapes, such as `\-`, are errors only in JavaScript's unicode mode. */
function withoutUnicode(source: string, options: string, pattern: string): RegExp {
  try {
    return new RegExp(source, options);
  } catch (error) {
    throw new MongoFailure(
      51091,
      `Regular expression is invalid: ${pattern}: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

interface Modes {
  readonly isMultiline: boolean;
  readonly isDotAll: boolean;
  readonly isExtended: boolean;
}

const end = '(?![\\s\\S])';

/** One token at a time: an escape, a character class, a group's opening, a comment, or a single character. */
const token =
  /\\[\s\S]|\[\^?\]?(?:\\[\s\S]|\[:[a-z]+:\]|[^\]\\])*\]|\(\?(?:P?<[A-Za-z_]\w*>|<?[=!]|.)|#[^\n]*\n?|[\s\S]/g;

function translate(pattern: string, modes: Modes): string {
  return pattern.replace(token, (part) => translateToken(part, modes));
}

const escapes: Readonly<Record<string, string>> = {
  '\\A': '(?<![\\s\\S])',
  '\\z': end,
  '\\Z': `(?=\\n?${end})`,
  '\\h': '[ \\t]',
  '\\R': '(?:\\r\\n|[\\n\\v\\f\\r])',
};

function translateToken(part: string, modes: Modes): string {
  if (part.startsWith('\\') && part.length > 1) return translateEscape(part);
  if (part.startsWith('[')) return translateClass(part);
  if (part.startsWith('(?')) return translateGroup(part);
  return translateCharacter(part, modes);
}

/** A single character, or a comment. */
function translateCharacter(part: string, modes: Modes): string {
  if (part === '.') return modes.isDotAll ? '[\\s\\S]' : '[^\\n]';
  if (part === '$') return modes.isMultiline ? '$' : `(?=\\n?${end})`;
  return modes.isExtended && /^(?:#|\s$)/.test(part) ? '' : part;
}

function translateEscape(part: string): string {
  if ('EQGKCXN'.includes(part.charAt(1)))
    throw new MongoFailure(51091, `Regular expression is invalid: ${part} is not supported`);
  return escapes[part] ?? part;
}

function translateGroup(part: string): string {
  if (part.startsWith('(?P<')) return `(?${part.slice(3)}`;
  if (/^\(\?(?::|<?[=!]|<[A-Za-z_])/.test(part)) return part;
  throw new MongoFailure(51091, `Regular expression is invalid: ${part} is not supported`);
}

const posixClasses: Readonly<Record<string, string>> = nameTable({
  alpha: 'A-Za-z',
  digit: '0-9',
  alnum: 'A-Za-z0-9',
  upper: 'A-Z',
  lower: 'a-z',
  space: '\\s',
  punct: '!-\\/:-@\\[-`{-~',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
});

function translateClass(part: string): string {
  const inner = part
    .replace(/\[:([a-z]+):\]/g, (whole, name: string) => posixClasses[name] ?? whole)
    .replace(/^(\[\^?)\]/, '$1\\]');
  return inner.replace(/(?!^)\[(?!\^?$)/g, (bracket, at: number) => (inner[at - 1] === '\\' ? bracket : '\\['));
}
