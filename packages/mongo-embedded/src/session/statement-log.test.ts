import { serialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StatementLog } from './statement-log.ts';

/** A statement's result as the log answers it: an empty document for none. */
function stored(result: number | null): Buffer {
  return Buffer.from(serialize(result === null ? {} : { n: result }));
}

test('knows after a restart what it knew before: each statement that was applied, with its result', () => {
  const statements = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 2000 }), fc.option(fc.integer({ max: 3 }))), {
    selector: ([id]) => id,
    size: 'max',
    maxLength: 1500,
  });
  fc.assert(
    fc.property(statements, (applied) => {
      const log = new StatementLog();
      for (const [id, result] of applied) log.add(id, result === null ? null : stored(result));
      const read = reread(log);
      const results = new Map(applied);
      const expectedOf = (id: number): Buffer | null => (results.has(id) ? stored(results.get(id) ?? null) : null);
      for (let id = 0; id <= 2001; id += 1) {
        expect(log.find(id)).toStrictEqual(expectedOf(id));
        expect(read.find(id)).toStrictEqual(expectedOf(id));
      }
    }),
    { numRuns: 15 },
  );
});

function reread(log: StatementLog): StatementLog {
  const full = Array.from({ length: log.fullParts }, (_, part) => log.part(part));
  return StatementLog.fromParts(full, log.tail());
}

test('a long run of statements with the same result takes no more room than a short one', () => {
  for (const result of [null, stored(1)]) {
    const log = new StatementLog();
    for (let id = 0; id < 100_000; id += 1) log.add(id, result);
    expect(log.fullParts).toBe(0);
    expect(log.tail().length).toBeLessThan(100);
  }
});

test('statements with different results are saved in parts that never change again', () => {
  const log = new StatementLog();
  for (let id = 0; id < 1_200; id += 1) log.add(id, stored(id));
  const parts = [log.part(0), log.part(1)];
  for (let id = 1_200; id < 1_400; id += 1) log.add(id, stored(id));
  expect(log.fullParts).toBe(2);
  expect([log.part(0), log.part(1)]).toStrictEqual(parts);
  expect(log.tail().length).toBeLessThan(500 * 64);
});
