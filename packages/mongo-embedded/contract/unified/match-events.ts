/** Checks what a client reported against `expectEvents` of the unified test format. */
import type { Document } from 'mongodb';
import { isEventName, type RecordedEvent } from './client-events.ts';
import { withoutDriverAdditions } from './driver-additions.ts';
import { MalformedTest } from './malformed-test.ts';
import type { ValueMatcher } from './match-value.ts';
import type { ExpectedEvents } from './unified-file.ts';

/** What a test may say of an event; commands, replies and descriptions are root documents. */
const PARTS = new Set([
  'command',
  'reply',
  'commandName',
  'databaseName',
  'hasServiceId',
  'hasServerConnectionId',
  'interruptInUseConnections',
  'reason',
  'awaited',
  'previousDescription',
  'newDescription',
]);

/** Throws a sentence unless the recorded events are the expected ones, in order. */
export function matchEvents(expected: ExpectedEvents, recorded: readonly RecordedEvent[], matcher: ValueMatcher): void {
  const names = recorded.map(({ name, details }) => `${name}(${String(details['commandName'] ?? '')})`).join(', ');
  const isCountRight =
    expected.ignoreExtraEvents === true
      ? recorded.length >= expected.events.length
      : recorded.length === expected.events.length;
  if (!isCountRight) {
    throw new Error(`${expected.client}: expected ${expected.events.length} events, got ${recorded.length}: ${names}`);
  }
  for (const [index, event] of expected.events.entries()) {
    const actual = recorded[index];
    if (actual === undefined) throw new Error(`${expected.client}: event ${index} is missing`);
    matchEvent(event, actual, { matcher, path: `${expected.client}.events[${index}]` });
  }
}

/** True when the recorded event is the one described; for counting and waiting. */
export function matchesEvent(expected: Document, actual: RecordedEvent, matcher: ValueMatcher): boolean {
  const [name = ''] = Object.keys(expected);
  if (!isEventName(name)) throw new MalformedTest(`the runner does not know the event ${name}`);
  try {
    matchEvent(expected, actual, { matcher, path: 'event' });
    return true;
  } catch {
    return false;
  }
}

function matchEvent(
  expected: Document,
  actual: RecordedEvent,
  { matcher, path }: { matcher: ValueMatcher; path: string },
): void {
  const [name = '', parts] = Object.entries(expected)[0] ?? [];
  if (!isEventName(name)) throw new MalformedTest(`the runner does not know the event ${name}`);
  if (actual.name !== name)
    throw new Error(`${path}: expected ${name}, got ${actual.name}(${String(actual.details['commandName'])})`);
  for (const [part, value] of Object.entries((parts ?? {}) as Document)) {
    if (!PARTS.has(part)) throw new MalformedTest(`the runner does not know ${part} of the event ${name}`);
    matcher.match(value, partOf(actual, part, value), { path: `${path}.${part}`, isRoot: true });
  }
}

function partOf({ details }: RecordedEvent, part: string, expected: unknown): unknown {
  const value: unknown = details[part];
  return part === 'command' ? withoutDriverAdditions(expected as Document, value as Document) : value;
}
