import { silentLog } from '@emcachers/core/log';
import { expect, test } from 'vitest';
import { ModelSource } from '../../../test/support/model-source.ts';
import { openTestOplog } from '../../../test/support/test-oplog.ts';
import { systemClock } from '../../runtime/clock.ts';
import type { ServerFacts } from '../change-source/change-source-types.ts';
import { SourceWatch } from './source-watch.ts';

/** Somebody writes, and the stream commits, before and after each answer of the server. */
class BusySource extends ModelSource {
  committedTime = this.time;

  #writeAndCommit(): void {
    this.write('orders', [{ id: 1, n: 1 }]);
    this.committedTime = this.time;
  }

  override async operationTime(): Promise<bigint> {
    const time = await super.operationTime();
    this.#writeAndCommit();
    return time;
  }

  override async describe(): Promise<ServerFacts> {
    const facts = await super.describe();
    this.#writeAndCommit();
    return facts;
  }
}

test('a stream that commits changes while the server answers is not ahead of the server', async () => {
  await using oplog = await openTestOplog();
  const source = new BusySource();
  const { sourceId } = await source.describe();
  const watch = new SourceWatch({
    ...{ source, writer: oplog.writer, flow: source, clock: systemClock, log: silentLog, sourceId },
    options: { sourceCheckMs: 0 },
  });
  for (let check = 0; check < 3; check += 1) await watch.check([], source.time);
  expect(source.committedTime).toBe(source.time);
});

test('a stream that is ahead of the server follows another MongoDB', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  const { sourceId } = await source.describe();
  const watch = new SourceWatch({
    ...{ source, writer: oplog.writer, clock: systemClock, log: silentLog, sourceId },
    flow: { committedTime: source.time + 1n },
    options: { sourceCheckMs: 0 },
  });
  await expect(watch.check([], source.time)).rejects.toMatchObject({ code: 'EMC-2009' });
});
