/** The README's list of what is refused, held against the server: each name of it is answered 115, and none is missing. */
import { readFileSync } from 'node:fs';
import { type Document, MongoClient } from 'mongodb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createMongoServer } from './mongo-server.ts';
import { refusedAccumulators, refusedExpressions } from './query/refused-operators.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const server = createMongoServer({ memory: true });
let client: MongoClient;

beforeAll(async () => {
  client = await MongoClient.connect((await server.start()).url);
  await client.db('refused').collection('things').insertOne({ x: 1 });
});

afterAll(async () => {
  await client.close();
  await server.stop();
});

/** The names in a row of the table below "What is refused". */
function namesIn(row: string): string[] {
  const section = readme.split('## What is refused')[1]?.split('\n## ')[0] ?? '';
  const line = section.split('\n').find((text) => text.startsWith(`| ${row} |`)) ?? '';
  return [...line.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');
}

const pipeline = (...stages: Document[]): Document => ({ aggregate: 'things', pipeline: stages, cursor: {} });

/** A wrong type would be refused for its type. */
const optionValues: Readonly<Record<string, unknown>> = { capped: true, expireAfterSeconds: 60 };

const commands: Readonly<Record<string, (name: string) => Document>> = {
  Stages: (name) => pipeline({ [name]: {} }),
  'Expression operators': (name) => pipeline({ $project: { y: { [name]: ['$x'] } } }),
  Accumulators: (name) => pipeline({ $group: { _id: null, y: { [name]: '$x' } } }),
  'Query operators at the top': (name) => ({ find: 'things', filter: { [name]: {} } }),
  'Query operators of fields': (name) => ({ find: 'things', filter: { x: { [name]: {} } } }),
  'Options of create': (name) => ({ create: 'others', [name]: optionValues[name] ?? {} }),
  Commands: (name) => ({ [name]: 'things' }),
};

describe.for(Object.entries(commands))('%s of the README', ([row, command]) => {
  test.for(namesIn(row))('%s is refused with CommandNotSupported', async (name) => {
    await expect(client.db('refused').command(command(name))).rejects.toMatchObject({ code: 115 });
  });

  test('are listed', () => {
    expect(namesIn(row).length).toBeGreaterThan(0);
  });
});

test('every refused operator is in the README', () => {
  expect(namesIn('Expression operators').toSorted()).toEqual([...refusedExpressions].toSorted());
  expect(namesIn('Accumulators').toSorted()).toEqual([...refusedAccumulators].toSorted());
});

test('a name that MongoDB does not have is unknown, not refused', async () => {
  const database = client.db('refused');
  await expect(database.command(pipeline({ $nope: {} }))).rejects.toMatchObject({ code: 40324 });
  const project = pipeline({ $project: { y: { $nope: 1 } } });
  await expect(database.command(project)).rejects.toMatchObject({ code: 31325 });
  const group = pipeline({ $group: { _id: null, y: { $nope: 1 } } });
  await expect(database.command(group)).rejects.toMatchObject({ code: 15952 });
  await expect(database.command({ nope: 1 })).rejects.toMatchObject({ code: 59 });
});
