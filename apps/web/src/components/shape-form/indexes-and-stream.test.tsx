// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { sampleFleet } from '../../../test/samples.ts';
import { ShapeFormPage } from './shape-form-page.tsx';

const column = { name: 'status', type: 'Text', path: 'status' } as const;
const original = sampleEntity({
  ...{ entityName: 'orders', sourceName: 'shop.orders', columns: [column], stream: 'eu' },
  where: { total: { $gte: { $numberInt: '50' } } },
  indexes: [{ columns: ['status'], nodes: [] }],
});

/** The form with the definition of another entity in it. */
function openCopy() {
  return openConsole(<ShapeFormPage />, {
    answers: {
      'fleet.get': () => sampleFleet({ entities: [original] }),
      'sources.list': () => [{ sourceName: 'shop.orders', estimatedDocuments: 9, entities: [] }],
      'sources.sample': () => ({ sampled: 0, paths: [] }),
      'sources.preview': () => ({ sampled: 0, matched: 0, rows: [], columns: [] }),
      'entities.create': ({ entityName }) => sampleEntity({ entityName }),
    },
    search: '?from=orders',
    pathname: '/entities/new',
  });
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });

test('a duplicate keeps the filter, the indexes and the stream of its original', async () => {
  const { user, engine, visited } = openCopy();
  expect(await screen.findByLabelText('Indexes')).toHaveProperty('value', 'status');
  await user.click(screen.getByRole('button', { name: 'Create entity' }));
  await waitFor(() => expect(visited).toHaveLength(1));
  expect(engine.inputsOf('entities.create')).toEqual([
    {
      ...{ entityName: 'orders_2', sourceName: 'shop.orders', columns: [column], stream: 'eu' },
      ...{ where: { total: { $gte: 50 } }, indexes: [{ columns: ['status'] }] },
    },
  ]);
});

test('without indexes and a stream the entity has none and belongs to the default stream', async () => {
  const { user, engine, visited } = openCopy();
  await screen.findByLabelText('Indexes');
  type('Indexes', '');
  type('Stream', '');
  await user.click(screen.getByRole('button', { name: 'Create entity' }));
  await waitFor(() => expect(visited).toHaveLength(1));
  expect(engine.inputsOf('entities.create')).toEqual([
    { entityName: 'orders_2', sourceName: 'shop.orders', columns: [column], where: { total: { $gte: 50 } } },
  ]);
});

test('an index on a column that the entity lacks, and an invalid stream, are refused at their fields', async () => {
  const { user, engine } = openCopy();
  await screen.findByLabelText('Indexes');
  type('Indexes', 'status\nplaced_at');
  type('Stream', 'EU west');
  await user.click(screen.getByRole('button', { name: 'Create entity' }));
  await screen.findByText(/no column of this name/);
  await screen.findByText(/lower-case letters/);
  expect(engine.inputsOf('entities.create')).toEqual([]);
});
