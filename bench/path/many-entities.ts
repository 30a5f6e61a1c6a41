import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EntityView } from '@emcachers/core/api-views';
import { MongoClient } from 'mongodb';
import type { Measurement } from '../support/measurement.ts';
import { familySeconds, processorSeconds } from '../support/processor-time.ts';
import { type EngineStack, startEngineStack } from './engine-stack.ts';
import { createEntity, readEntities } from './entity.ts';

const idleMs = 20_000;
/** After the last creation, so that what the engine does once is not counted as idle cost, milliseconds. */
const settleMs = 40_000;
const atOnce = 8;
const waitMsMax = 600_000;
const megabyte = 1024 * 1024;
const pageBytes = 4_096;

/** What many small entities cost: to create, to keep while nothing changes, and to delete. */
export async function measureManyEntities(count: number): Promise<Measurement[]> {
  await using stack = await startEngineStack();
  const mongo = new MongoClient(stack.mongoUrl);
  const names = Array.from({ length: count }, (_, index) => `e${index}`);
  try {
    for (const name of names) await mongo.db('bench').collection(name).insertOne({ n: 1 });
    await sleep(settleMs);
    const empty = await idle(stack);
    const created = await spent(stack, async () => {
      await forAll(names, (name) => createEntity(stack, shapeOf(name)));
      await until(stack, (entities) => entities.length === count && entities.every(isLevel));
    });
    await sleep(settleMs);
    const full = await idle(stack);
    const removed = await spent(stack, async () => {
      await forAll(names, (name) => removeEntity(stack, name));
      await until(stack, (entities) => entities.length === 0);
    });
    const title = `${count} entities`;
    return [
      ...spentMeasurements(`${title}: created until level`, created),
      ...spentMeasurements(`${title}: deleted until gone`, removed),
      { name: `${title}: idle, processor time`, value: full.cpuShare, unit: 'ratio' },
      { name: `without entities: idle, processor time`, value: empty.cpuShare, unit: 'ratio' },
      { name: `${title}: idle, resident memory, growth`, value: full.megabytes - empty.megabytes, unit: 'MB' },
      {
        name: `${title}: idle, open descriptors, growth`,
        value: full.descriptors - empty.descriptors,
        unit: 'entries',
      },
    ];
  } finally {
    await mongo.close();
  }
}

/** Linux only: reads `/proc`, because a scrape of the engine's metrics costs more than what is measured. */
async function idle(stack: EngineStack): Promise<{ cpuShare: number; megabytes: number; descriptors: number }> {
  const before = processorSeconds(stack.enginePid);
  await sleep(idleMs);
  const after = processorSeconds(stack.enginePid);
  return {
    cpuShare: (after - before) / (idleMs / 1000),
    megabytes: residentBytes(stack) / megabyte,
    descriptors: readdirSync(`/proc/${stack.enginePid}/fd`).length,
  };
}

function residentBytes({ enginePid }: EngineStack): number {
  return Number(readFileSync(`/proc/${enginePid}/statm`, 'utf8').split(' ')[1]) * pageBytes;
}

function shapeOf(name: string) {
  return {
    entityName: name,
    sourceName: `bench.${name}`,
    columns: [{ name: 'n', type: 'Integer' as const, path: 'n' }],
  };
}

function isLevel({ activity, lagEntries, cachePath }: EntityView): boolean {
  return activity === 'live' && lagEntries === 0 && cachePath !== null;
}

async function removeEntity(stack: EngineStack, name: string): Promise<void> {
  const response = await fetch(`${stack.engineUrl}/api/v1/entities/${name}`, { method: 'DELETE' });
  if (!response.ok) throw new Error(await response.text());
}

async function forAll(names: readonly string[], action: (name: string) => Promise<void>): Promise<void> {
  const left = [...names];
  const lane = async (): Promise<void> => {
    for (let name = left.shift(); name !== undefined; name = left.shift()) await action(name);
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
}

async function until(stack: EngineStack, condition: (entities: readonly EntityView[]) => boolean): Promise<void> {
  const deadline = performance.now() + waitMsMax;
  while (performance.now() < deadline) {
    if (condition(await readEntities(stack))) return;
    await sleep(200);
  }
  throw new Error(`The entities did not meet the condition within ${waitMsMax / 1000} s.`);
}

interface Spent {
  readonly wallMs: number;
  readonly engineSeconds: number;
  readonly postgresSeconds: number;
}

async function spent({ enginePid, postgresPid }: EngineStack, action: () => Promise<void>): Promise<Spent> {
  const startedAt = performance.now();
  const engineBefore = processorSeconds(enginePid);
  const postgresBefore = familySeconds(postgresPid);
  await action();
  return {
    wallMs: performance.now() - startedAt,
    engineSeconds: processorSeconds(enginePid) - engineBefore,
    postgresSeconds: familySeconds(postgresPid) - postgresBefore,
  };
}

function spentMeasurements(name: string, { wallMs, engineSeconds, postgresSeconds }: Spent): Measurement[] {
  return [
    { name, value: wallMs, unit: 'ms' },
    { name: `${name}, processor time of the engine`, value: engineSeconds, unit: 's' },
    { name: `${name}, processor time of PostgreSQL`, value: postgresSeconds, unit: 's' },
  ];
}
