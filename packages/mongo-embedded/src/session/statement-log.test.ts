import { serialize } from 'bson';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { StatementLog } from './statement-log.ts';

/** A statement's result as the log answers it: an empty document for none. */
function stored(result: number | null): Buffer {
  return Buffer.from(serialize(result === null ? {} : { n: result }));
}

test('knows after a restart what it knew before: each statement that was applied, with its result', () => {
  const statements = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 50 }), fc.option(fc.integer())), {
    selector: ([id]) => id,
  });
  fc.assert(
    fc.property(statements, (applied) => {
      const log = new StatementLog();
      for (const [id, result] of applied) log.add(id, result === null ? null : stored(result));
      const read = StatementLog.fromBytes(log.toBytes());
      const results = new Map(applied);
      for (let id = 0; id <= 51; id += 1) {
        expect(read.find(id)).toStrictEqual(results.has(id) ? stored(results.get(id) ?? null) : null);
      }
    }),
  );
});

test('a long run of inserts takes no more room than a short one', () => {
  const log = new StatementLog();
  for (let id = 0; id < 100_000; id += 1) log.add(id, null);
  expect(log.toBytes().length).toBeLessThan(100);
});
