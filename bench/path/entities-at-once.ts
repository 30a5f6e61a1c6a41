import type { EntityView } from '@emcachers/core/api-views';
import { MongoClient } from 'mongodb';
import { type Measurement, percentile } from '../support/measurement.ts';
import { sampleColumns, sampleDocument } from '../support/sample-documents.ts';
import { type EngineStack, startEngineStack } from './engine-stack.ts';
import { createEntity, readEntities, untilEntity } from './entity.ts';
import type { Probe } from './load-and-probe.ts';
import { probeLatencies } from './probe-latencies.ts';

const databases = 20;
const entities = 50;
const smallDocuments = 200;
const batchDocuments = 5_000;
/** The creations are spread over this time, milliseconds. */
const creationMs = 10_000;
const waitMsMax = 900_000;

interface Source {
  readonly entityName: string;
  readonly sourceName: string;
  readonly documents: number;
}

/**
 * Creates 50 entities on 20 databases within ten seconds, one of them with `largeDocuments` documents, beside a living entity
 * whose changes are timed meanwhile.
 */
export async function measureAtOnce(largeDocuments: number): Promise<Measurement[]> {
  await using stack = await startEngineStack();
  const client = new MongoClient(stack.mongoUrl);
  try {
    const sources = Array.from({ length: entities }, (_, index) => source(index, largeDocuments));
    for (const each of sources) await fill(client, each);
    const probe = await createProbe(stack, client);
    const quiet = await probeLatencies(stack, probe, AbortSignal.timeout(creationMs));
    const done = new AbortController();
    const probing = probeLatencies(stack, probe, done.signal);
    const liveMs = await createAll(stack, sources).finally(() => done.abort());
    return report(liveMs, { quiet, meanwhile: await probing, largeDocuments });
  } finally {
    await client.close();
  }
}

/** The large one comes early, so that most of the others are created while it is scanned. */
function source(index: number, largeDocuments: number): Source {
  return {
    entityName: `e${index}`,
    sourceName: `bench${index % databases}.e${index}`,
    documents: index === 1 ? largeDocuments : smallDocuments,
  };
}

async function fill(client: MongoClient, { sourceName, documents }: Source): Promise<void> {
  const [database = '', name = ''] = sourceName.split('.');
  const collection = client.db(database).collection(name);
  for (let start = 0; start < documents; start += batchDocuments) {
    const count = Math.min(batchDocuments, documents - start);
    await collection.insertMany(Array.from({ length: count }, (_, index) => sampleDocument(start + index)));
  }
}

async function createProbe(stack: EngineStack, client: MongoClient): Promise<Probe> {
  const probe: Probe = client.db('bench').collection('probe');
  await probe.insertOne({ _id: 'probe' });
  const columns = [{ name: 'sequence', type: 'Integer' as const, path: 'sequence' }];
  await createEntity(stack, { entityName: 'probe', sourceName: 'bench.probe', columns });
  await untilEntity(stack, 'probe', isLevel);
  return probe;
}

function isLevel({ activity, lagEntries, cachePath }: EntityView): boolean {
  return activity === 'live' && lagEntries === 0 && cachePath !== null;
}

/** Milliseconds from the request until live and level, by entity name. */
async function createAll(stack: EngineStack, sources: readonly Source[]): Promise<ReadonlyMap<string, number>> {
  const askedAt = new Map<string, number>();
  const liveMs = new Map<string, number>();
  const creating = createInTurn(stack, sources, askedAt);
  const deadline = performance.now() + waitMsMax;
  while (liveMs.size < sources.length) {
    if (performance.now() > deadline) throw new Error(`Only ${liveMs.size} entities were live after ${waitMsMax} ms.`);
    const level = (await readEntities(stack)).filter((view) => isLevel(view) && !liveMs.has(view.entityName));
    for (const { entityName } of level) {
      const asked = askedAt.get(entityName);
      if (asked !== undefined) liveMs.set(entityName, performance.now() - asked);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await creating;
  return liveMs;
}

async function createInTurn(
  stack: EngineStack,
  sources: readonly Source[],
  askedAt: Map<string, number>,
): Promise<void> {
  const startedAt = performance.now();
  for (const [index, { entityName, sourceName }] of sources.entries()) {
    const due = startedAt + (index * creationMs) / sources.length;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    askedAt.set(entityName, performance.now());
    await createEntity(stack, { entityName, sourceName, columns: sampleColumns });
  }
}

function report(
  liveMs: ReadonlyMap<string, number>,
  latencies: { quiet: readonly number[]; meanwhile: readonly number[]; largeDocuments: number },
): Measurement[] {
  const { quiet, meanwhile, largeDocuments } = latencies;
  const small = [...liveMs].filter(([name]) => name !== 'e1').map(([, passedMs]) => passedMs);
  return [
    { name: `small entities: created until live, p50`, value: percentile(small, 0.5), unit: 'ms' },
    { name: `small entities: created until live, the slowest`, value: Math.max(...small), unit: 'ms' },
    {
      name: `${largeDocuments.toLocaleString('en-US')} documents: created until live`,
      value: liveMs.get('e1') ?? Number.NaN,
      unit: 'ms',
    },
    ...[
      { title: 'before', values: quiet },
      { title: 'meanwhile', values: meanwhile },
    ].flatMap(({ title, values }): Measurement[] => [
      { name: `change to cache ${title}, p50`, value: percentile(values, 0.5), unit: 'ms' },
      { name: `change to cache ${title}, p99`, value: percentile(values, 0.99), unit: 'ms' },
      { name: `change to cache ${title}, the slowest`, value: Math.max(...values), unit: 'ms' },
    ]),
  ];
}
