/** Collects the log messages of one client and checks them against `expectLogMessages` of the unified test format. */
import type { Document, MongoClientOptions } from 'mongodb';
import type { ValueMatcher } from './match-value.ts';
import type { ExpectedLogMessage, ExpectedLogMessages } from './unified-file.ts';

/** No document of a test is cut: a test that is about cutting says so in its own options. */
const DOCUMENT_LENGTH_MAX = 10_000;

export class ClientLogs {
  readonly recorded: Document[] = [];
  private stopped = false;

  /** What the driver needs to be told to log to this collector; `severities` is the format's `observeLogMessages`. */
  optionsFor(severities: Document): MongoClientOptions {
    return {
      mongodbLogPath: {
        write: (log) => {
          if (!this.stopped) this.recorded.push(log);
          return undefined;
        },
      },
      mongodbLogComponentSeverities: { default: 'off', ...severities },
      mongodbLogMaxDocumentLength: DOCUMENT_LENGTH_MAX,
    };
  }

  stop(): void {
    this.stopped = true;
  }
}

/** Throws a sentence unless the recorded messages are the expected ones, in order. */
export function matchLogs(expected: ExpectedLogMessages, recorded: readonly Document[], matcher: ValueMatcher): void {
  const { client, messages, ignoreMessages = [], ignoreExtraMessages = false } = expected;
  const logs = recorded.filter((log) => !ignoreMessages.some((ignored) => matchesLog(ignored, log, matcher)));
  const isCountRight = ignoreExtraMessages ? logs.length >= messages.length : logs.length === messages.length;
  if (!isCountRight) {
    const names = logs.map((log) => String(log['message'])).join('; ');
    throw new Error(`${client}: expected ${messages.length} log messages, got ${logs.length}: ${names}`);
  }
  for (const [index, message] of messages.entries()) {
    matchLog(message, logs[index] ?? {}, { matcher, path: `${client}.messages[${index}]` });
  }
}

function matchesLog(expected: ExpectedLogMessage, log: Document, matcher: ValueMatcher): boolean {
  try {
    matchLog(expected, log, { matcher, path: 'message' });
    return true;
  } catch {
    return false;
  }
}

function matchLog(
  expected: ExpectedLogMessage,
  log: Document,
  { matcher, path }: { matcher: ValueMatcher; path: string },
): void {
  const { c: component, s: level, t: _, ...data } = log;
  matcher.match(
    { component: expected.component, level: expected.level },
    { component, level },
    { path, isRoot: false },
  );
  matcher.match(expected.data, data, { path: `${path}.data`, isRoot: true });
  if (expected.failureIsRedacted === undefined) return;
  const { failure } = data;
  if (failure === undefined) throw new Error(`${path}: expected a failure`);
  if ((failure === '(redacted)') !== expected.failureIsRedacted) {
    throw new Error(`${path}: expected failureIsRedacted ${expected.failureIsRedacted}, got ${String(failure)}`);
  }
}
