/** Checks what a client reported against `expectEvents` of the unified test format. */
import type { Document } from 'mongodb';
import type { RecordedEvent } from './client-events.ts';
import type { ValueMatcher } from './match-value.ts';
import type { ExpectedEvents } from './unified-file.ts';

const ROOT_PARTS = new Set(['command', 'reply']);

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
  if (actual.name !== name)
    throw new Error(`${path}: expected ${name}, got ${actual.name}(${String(actual.details['commandName'])})`);
  for (const [part, value] of Object.entries((parts ?? {}) as Document)) {
    if (part === 'failure') continue;
    const place = {
      path: `${path}.${part}`,
      isRoot: ROOT_PARTS.has(part) || actual.type === 'sdam',
      isLenient: part === 'command',
    };
    matcher.match(value, partOf(actual, part), place);
  }
}

function partOf({ details }: RecordedEvent, part: string): unknown {
  if (part === 'interruptInUseConnections') return details['interruptInUseConnections'];
  if (part === 'hasServiceId') return details['hasServiceId'] ?? details['serviceId'] !== undefined;
  return details[part];
}
