import { existsSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { MongoClient } from 'mongodb';
import type { Measurement } from '../support/measurement.ts';
import { sampleColumns, sampleDocument } from '../support/sample-documents.ts';
import { type EngineStack, startEngineStack } from './engine-stack.ts';
import { createEntity } from './entity.ts';

const batchDocuments = 5_000;
const waitMsMax = 300_000;

/** Times the scan from the request to the published file with every row, for one collection and one ten times as large. */
export async function measureScan(sizes: readonly number[]): Promise<Measurement[]> {
  const measurements: Measurement[] = [];
  for (const size of sizes) {
    await using stack = await startEngineStack();
    await fill(stack, size);
    const before = await stack.usage();
    const startedAt = performance.now();
    await createEntity(stack, { entityName: 'bench', sourceName: 'bench.documents', columns: sampleColumns });
    await untilRows(stack, size);
    const seconds = (performance.now() - startedAt) / 1000;
    const after = await stack.usage();
    const label = `scan of ${size.toLocaleString('en-US')} documents`;
    measurements.push(
      { name: `${label}, end to end`, value: size / seconds, unit: 'ops/s' },
      {
        name: `${label}, engine processor`,
        value: ((after.cpuSeconds - before.cpuSeconds) / size) * 100_000,
        unit: 's per 100 k',
      },
      { name: `${label}, engine memory`, value: after.residentBytes / 1024 ** 2, unit: 'MB' },
    );
  }
  return measurements;
}

async function fill(stack: EngineStack, size: number): Promise<void> {
  const client = new MongoClient(stack.mongoUrl);
  const collection = client.db('bench').collection('documents');
  for (let start = 0; start < size; start += batchDocuments) {
    const count = Math.min(batchDocuments, size - start);
    await collection.insertMany(Array.from({ length: count }, (_, index) => sampleDocument(start + index)));
  }
  await client.close();
}

async function untilRows(stack: EngineStack, size: number): Promise<void> {
  const file = path.join(stack.dataDir, 'dbs/bench/db.sqlite');
  const deadline = performance.now() + waitMsMax;
  while (performance.now() < deadline) {
    if (existsSync(file) && countRows(file) === size) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`The cache did not reach ${size} rows within ${waitMsMax / 1000} s.`);
}

function countRows(file: string): number {
  const database = new Database(file, { readonly: true });
  try {
    return Number(database.prepare('SELECT count(*) FROM bench').pluck().get());
  } finally {
    database.close();
  }
}
