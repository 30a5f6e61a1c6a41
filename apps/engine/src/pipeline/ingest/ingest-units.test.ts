import { decodeRow } from '@emcachers/core/document/row-codec';
import { silentLog } from '@emcachers/core/log';
import { expect, test } from 'vitest';
import { ModelSource } from '../../../test/support/model-source.ts';
import { runIngest, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog, replayed, type TestOplog } from '../../../test/support/test-oplog.ts';
import { testRandom } from '../../../test/support/test-random.ts';
import type { IngestOptions } from './ingest-options.ts';

/** More than a reply of the stream has changes of, so that none shows all of them at their newest. */
const accounts = 120;
const total = accounts * 100;

const balancesAtStart: readonly number[] = Array.from({ length: accounts }, () => total / accounts);

function bank(): ModelSource {
  const source = new ModelSource();
  source.write(
    'a',
    balancesAtStart.map((n, id) => ({ id, n })),
  );
  return source;
}

/** Moves amounts between two documents, each time in one transaction, and now and then writes to another collection. */
function transfers(source: ModelSource, balances: number[], random: () => number): () => void {
  return () => {
    const from = Math.floor(random() * accounts);
    const to = (from + 1 + Math.floor(random() * (accounts - 1))) % accounts;
    const amount = 1 + Math.floor(random() * 20);
    balances[from] = (balances[from] ?? 0) - amount;
    balances[to] = (balances[to] ?? 0) + amount;
    source.transact([from, to].map((id) => ({ name: 'a', id, n: balances[id] ?? 0 })));
    if (random() < 0.2) source.write('b', [{ id: 1, n: amount }]);
  };
}

async function passed(source: ModelSource, oplog: TestOplog): Promise<void> {
  const { time } = source;
  await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= time);
}

function balanceOf(data: string): number {
  return Number(decodeRow(data, ['Integer', 'Text'])[0]);
}

/** The sums that a reader sees at the ends of its pages, each as small as possible. */
async function sumsSeen(oplog: TestOplog): Promise<Set<number>> {
  const { entityId } = await oplog.entity('a');
  const rows = new Map<string, string>();
  const sums = new Set<number>();
  for (let afterId = 0; ; ) {
    const { entries } = await oplog.reader.readPage({
      streamId: 1,
      afterId,
      entityIds: [entityId],
      limitRows: 1,
      limitBytes: 1,
    });
    const last = entries.at(-1);
    if (last === undefined) return sums;
    afterId = last.id;
    replayed(entries, rows);
    // Before the scan is complete, nothing is published.
    if (rows.size === accounts) sums.add([...rows.values()].reduce((sum, data) => sum + balanceOf(data), 0));
  }
}

const smallest: Partial<IngestOptions> = { channel: { batchOpsMax: 1, lingerMs: 0 } };

test('every place where a page may end shows whole transactions, also if updates carry documents of later ones', async () => {
  await using oplog = await openTestOplog();
  const source = bank();
  const transfer = transfers(source, [...balancesAtStart], testRandom());
  await oplog.create('a');
  {
    await using _running = runIngest({ source, oplog, log: silentLog, options: smallest });
    await until(async () => (await oplog.entity('a')).lifecycle === 'live');
    for (let count = 0; count < 60; count += 1) {
      transfer();
      if (count % 3 === 0) await oplog.database.ping();
    }
    await passed(source, oplog);
  }
  for (let count = 0; count < 200; count += 1) transfer();
  await using _running = runIngest({ source, oplog, log: silentLog, options: smallest });
  await passed(source, oplog);
  expect([...(await sumsSeen(oplog))]).toEqual([total]);
});

test('a transaction above the bounds is passed on in parts, and counted', async () => {
  await using oplog = await openTestOplog();
  const source = bank();
  await oplog.create('a');
  const options = { ...smallest, transactionOperationsMax: 10 };
  await using running = runIngest({ source, oplog, log: silentLog, options });
  await until(async () => (await oplog.entity('a')).lifecycle === 'live');
  source.transact(Array.from({ length: 35 }, (_, id) => ({ name: 'a', id, n: 1 })));
  source.transact([{ name: 'a', id: 0, n: 2 }]);
  await passed(source, oplog);
  expect(running.ingest.status().dividedTransactionsTotal).toBe(1);
  const { entityId } = await oplog.entity('a');
  const page = await oplog.reader.readPage({
    streamId: 1,
    afterId: 0,
    entityIds: [entityId],
    limitRows: 8,
    limitBytes: 1 << 20,
  });
  expect(page.entries).toHaveLength(8);
});
