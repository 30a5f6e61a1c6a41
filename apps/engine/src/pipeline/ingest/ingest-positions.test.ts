import { EmcachersError } from '@emcachers/core/emcachers-error';
import { silentLog } from '@emcachers/core/log';
import { requestRefresh } from '@emcachers/db/control/entity-requests';
import { openDatabase } from '@emcachers/db/database';
import { serialize } from 'bson';
import { expect, test } from 'vitest';
import { faultProxy } from '../../../test/support/fault-proxy.ts';
import { ModelSource } from '../../../test/support/model-source.ts';
import { projectionOf, type RunningIngest, runIngest, until } from '../../../test/support/test-ingest.ts';
import { openTestOplog, type TestOplog } from '../../../test/support/test-oplog.ts';
import { systemClock } from '../../runtime/clock.ts';
import { LargeDocuments } from '../change-source/large-documents.ts';
import type { Position } from '../change-source/position.ts';
import { compileRoute, Routes } from '../change-source/to-operation.ts';
import { createChannel } from '../channel/bounded-channel.ts';
import type { OplogWriter } from '../oplog/oplog.ts';
import { createOplogWriter } from '../oplog/oplog-writer.ts';
import { transactionDefaults } from './change-units.ts';
import { IngestFacts } from './ingest-facts.ts';
import { StreamFlow } from './ingest-stream.ts';
import type { DeliveredUnit, FollowedStream } from './stream-flow-types.ts';

const documents = [0, 1, 2].map((id) => ({ id, n: 0 }));

function start(source: ModelSource, oplog: TestOplog, writer: OplogWriter = oplog.writer): RunningIngest {
  return runIngest({ source, oplog: { ...oplog, writer }, log: silentLog, options: {} });
}

async function settled(source: ModelSource, oplog: TestOplog): Promise<void> {
  await until(async () => (await oplog.entity('a')).lifecycle === 'live');
  const passed = source.time;
  await until(async () => ((await oplog.writer.readPosition()).position?.clusterTime ?? 0n) >= passed);
}

async function converged(source: ModelSource, oplog: TestOplog): Promise<void> {
  await settled(source, oplog);
  const entity = await oplog.entity('a');
  expect(await oplog.replay(entity.entityId)).toEqual(await projectionOf(source, entity));
}

test('a batch that cannot be appended leaves the saved position before it, and is appended when the stream repeats it (I2)', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  source.write('a', documents);
  await oplog.create('a');
  let isDown = false;
  const append: OplogWriter['append'] = async (batch) => {
    if (isDown) throw new EmcachersError({ code: 'EMC-3001', detail: 'The connection was lost before the commit.' });
    return oplog.writer.append(batch);
  };
  const first = start(source, oplog, { ...oplog.writer, append });
  await settled(source, oplog);
  isDown = true;
  source.write('a', [{ id: 1, n: 7 }]);
  await until(() => first.ingest.status().state === 'failed');
  const { position } = await oplog.writer.readPosition();
  expect(position?.clusterTime).toBeLessThan(source.time);
  await using _second = start(source, oplog);
  await converged(source, oplog);
});

test('a commit whose answer is lost has happened: the position says so, and nothing is appended twice (4.7)', async () => {
  await using oplog = await openTestOplog();
  const url = new URL(oplog.database.url);
  await using proxy = await faultProxy(Number(url.port));
  url.host = `127.0.0.1:${proxy.port}`;
  const database = openDatabase({ url: url.href });
  const source = new ModelSource();
  source.write('a', documents);
  const { entityId } = await oplog.create('a');
  const first = start(source, oplog, createOplogWriter({ database, epoch: oplog.epoch }));
  await settled(source, oplog);
  const { head } = await oplog.page();
  const lost = proxy.loseAnswerTo('NOTIFY emcachers_oplog');
  source.write('a', [{ id: 1, n: 7 }]);
  await lost;
  await until(() => first.ingest.status().state === 'failed');
  await expect(first.stop()).rejects.toMatchObject({ code: 'EMC-3001' });
  await database.close();
  await using _second = start(source, oplog);
  source.write('a', [{ id: 2, n: 7 }]);
  await converged(source, oplog);
  const { entries } = await oplog.page(entityId);
  expect(entries.filter(({ id }) => id > head).map(({ docId }) => docId)).toEqual(['n:1', 'n:2']);
});

function openFlow(writer: OplogWriter, followed: FollowedStream, position: Position) {
  const channel = createChannel<DeliveredUnit>(systemClock);
  const largeDocuments = new LargeDocuments({ largeDocumentBytes: 1 << 20, rowBytesMax: 1 << 24, maskKey: null });
  const flow = new StreamFlow(
    {
      largeDocuments,
      channel,
      writer,
      facts: new IngestFacts(systemClock),
      clock: systemClock,
      identity: { version: 1, sourceId: null },
      skipThrough: null,
      isSharded: false,
      onNews: () => undefined,
      onDivided: () => undefined,
    },
    {
      followed,
      position,
      options: { idleSaveMs: 0, units: { ...transactionDefaults, batchOpsMax: 100, batchBytesMax: 1 << 20 } },
    },
  );
  return { flow, channel, [Symbol.asyncDispose]: () => largeDocuments[Symbol.asyncDispose]() };
}

test('an idle position is not saved while a change before it is being appended (I2)', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  source.write('a', documents);
  await oplog.create('a');
  await oplog.scanToLive('a', ['n:0', 'n:1', 'n:2']);
  const route = compileRoute(await oplog.entity('a'));
  const position = { kind: 'time', clusterTime: source.time + 1n } as const;
  const { signal } = new AbortController();
  const stream = await source.openStream({ position, signal });
  let replies = 0;
  const next: typeof stream.next = async () => {
    const reply = await stream.next();
    replies += 1;
    return reply;
  };
  const steps: string[] = [];
  const gate = Promise.withResolvers<void>();
  const writer: OplogWriter = {
    ...oplog.writer,
    append: async (batch) => {
      steps.push('append');
      await gate.promise;
      const result = await oplog.writer.append(batch);
      steps.push('appended');
      return result;
    },
    savePosition: async (saved) => {
      await oplog.writer.savePosition(saved);
      steps.push('idle position');
    },
  };
  const followed = { stream: { ...stream, next }, routes: new Routes([route]), pipelineHash: 'test' };
  await using opened = openFlow(writer, followed, position);
  const { flow, channel } = opened;
  source.write('a', [{ id: 1, n: 7 }]);
  const consuming = flow.consume();
  const producing = flow.produce().catch(() => undefined);
  await until(() => steps.includes('append'));
  const before = replies;
  await until(() => replies > before + 5);
  expect(steps).toEqual(['append']);
  gate.resolve();
  await until(() => steps.includes('idle position'));
  expect(steps.slice(0, 3)).toEqual(['append', 'appended', 'idle position']);
  await flow.close();
  channel.close();
  await Promise.all([consuming, producing]);
});

test('an idle position of a stream that was replaced is not saved as one of the stream that took its place (I2)', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  source.write('a', documents);
  await oplog.create('a');
  await oplog.scanToLive('a', ['n:0', 'n:1', 'n:2']);
  const routes = new Routes([compileRoute(await oplog.entity('a'))]);
  const position = { kind: 'time', clusterTime: source.time + 1n } as const;
  const { signal } = new AbortController();
  const [first, second] = [
    await source.openStream({ position, signal }),
    await source.openStream({ position, signal }),
  ];
  let replies = 0;
  const counted: typeof first.next = async () => {
    const reply = await first.next();
    replies += 1;
    return reply;
  };
  const [isAppending, appends, secondReplies] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ];
  const held: typeof second.next = async () => {
    await secondReplies.promise;
    return second.next();
  };
  const savedHashes: (string | null)[] = [];
  const writer: OplogWriter = {
    ...oplog.writer,
    append: async (batch) => {
      isAppending.resolve();
      await appends.promise;
      return oplog.writer.append(batch);
    },
    savePosition: async (saved) => {
      savedHashes.push(saved.pipelineHash);
      await oplog.writer.savePosition(saved);
    },
  };
  const followed = { stream: { ...first, next: counted }, routes, pipelineHash: 'first' };
  await using opened = openFlow(writer, followed, position);
  const { flow, channel } = opened;
  source.write('a', [{ id: 1, n: 7 }]);
  const consuming = flow.consume();
  const producing = flow.produce().catch(() => undefined);
  await isAppending.promise;
  const before = replies;
  await until(() => replies > before + 5);
  await flow.follow({ stream: { ...second, next: held }, routes, pipelineHash: 'second' });
  savedHashes.length = 0;
  appends.resolve();
  await until(() => channel.isEmpty());
  expect(savedHashes).toEqual([]);
  await flow.close();
  secondReplies.resolve();
  channel.close();
  await Promise.all([consuming, producing]);
});

test('of changes that share one cluster time with the saved position, those after it are not lost when the pipeline has changed (2.17)', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  source.write('a', documents);
  const { entityId } = await oplog.create('a');
  const first = start(source, oplog);
  await settled(source, oplog);
  await first.stop();
  const before = (await oplog.page()).head;
  source.write('a', [
    { id: 10, n: 1 },
    { id: 11, n: 1 },
    { id: 12, n: 1 },
  ]);
  // As a leader leaves it that is killed after it has committed the first of them, under another set of collections.
  const data = `82${source.time.toString(16).toUpperCase().padStart(16, '0')}0000`;
  await oplog.database.pool.query(
    `UPDATE mongo_resume_token SET token = $1, token_data = $2, cluster_time = $3, pipeline_hash = 'other' WHERE stream_id = 1`,
    [serialize({ _data: data }), data, source.time.toString()],
  );
  source.write('a', [{ id: 13, n: 1 }]);
  await using _second = start(source, oplog);
  await settled(source, oplog);
  const { entries } = await oplog.page(entityId);
  expect(entries.filter(({ id }) => id > before).map(({ docId }) => docId)).toEqual(['n:11', 'n:12', 'n:13']);
});

test('a page is never asked for at an earlier time than the stream has delivered (1.3)', async () => {
  await using oplog = await openTestOplog();
  const source = new ModelSource();
  source.write('a', documents);
  const { entityId } = await oplog.create('a');
  const asked: bigint[] = [];
  const readPage = source.readPage.bind(source);
  source.readPage = async (request: Parameters<typeof readPage>[0] & { readonly notBefore?: bigint }) => {
    asked.push(request.notBefore ?? 0n);
    return readPage(request);
  };
  await using running = start(source, oplog);
  await settled(source, oplog);
  source.write('a', [{ id: 3, n: 1 }]);
  const delivered = source.time;
  await settled(source, oplog);
  asked.length = 0;
  await requestRefresh(oplog.database, { entityId, allowLargeSweep: false });
  running.ingest.wake();
  await until(async () => (await oplog.entity('a')).version === 2 && (await oplog.entity('a')).lifecycle === 'live');
  expect(asked.length).toBeGreaterThan(0);
  for (const time of asked) expect(time).toBeGreaterThanOrEqual(delivered);
});
