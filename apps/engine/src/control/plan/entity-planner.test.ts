import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { NewEntity } from '@emcachers/core/new-entity';
import { expect, test } from 'vitest';
import { createEntityPlanner } from './entity-planner.ts';
import type { ExistingEntity } from './shape-differences.ts';

const total = { name: 'total', type: 'Number', path: 'total' } as const;
const city = { name: 'city', type: 'Text', path: 'customer.city' } as const;
const described = (more: Partial<NewEntity> = {}): NewEntity => ({
  ...{ entityName: 'orders', sourceName: 'shop.orders', columns: [total, city] },
  ...more,
});
const existing = (more: Partial<ExistingEntity> = {}): ExistingEntity => ({
  ...{ entityName: 'orders', sourceName: 'shop.orders', streamName: 'default', columns: [total, city] },
  ...{ where: null, indexes: [], lifecycle: 'live' },
  ...more,
});

function planOf(entities: readonly NewEntity[], present: readonly ExistingEntity[], prune = false) {
  const planner = createEntityPlanner({
    existing: async () => present,
    checkSource: async (sourceName) => {
      if (sourceName === 'shop.view') throw new EmcachersError({ code: 'EMC-2007', detail: 'shop.view is a view.' });
    },
    maskKey: null,
  });
  return planner.plan({ entities, prune });
}

test('an entity that exists as described needs nothing, whatever the order of its columns and the case of its name', async () => {
  const plan = await planOf([described({ entityName: 'Orders', columns: [city, total] })], [existing()]);
  expect(plan).toMatchObject({ steps: [{ action: 'none', differences: [], isPossible: true }], undescribed: [] });
});

test('a missing entity is created, an additional one is named, and deleted last if that is asked for', async () => {
  const present = [existing({ entityName: 'old' })];
  expect(await planOf([described()], present)).toMatchObject({ steps: [{ action: 'create' }], undescribed: ['old'] });
  const { steps } = await planOf([described()], present, true);
  expect(steps.map(({ entityName, action }) => [entityName, action])).toEqual([
    ['orders', 'create'],
    ['old', 'delete'],
  ]);
});

test('other indexes are set; those of an entity without indexes in its description are dropped', async () => {
  const present = [existing({ indexes: [{ columns: ['city'] }] })];
  expect((await planOf([described({ indexes: [{ columns: ['City'] }] })], present)).steps).toMatchObject([
    { action: 'none' },
  ]);
  expect((await planOf([described({ indexes: [{ columns: ['total'] }] })], present)).steps).toMatchObject([
    { action: 'set-indexes', differences: ['Index (total) is missing.', 'Index (city) is not described.'] },
  ]);
  expect((await planOf([described()], present)).steps).toMatchObject([{ action: 'set-indexes', isPossible: true }]);
});

test('another shape is named field by field, and is not possible', async () => {
  const wanted = described({
    sourceName: 'shop.sales',
    stream: 'abroad',
    where: { total: { $gt: 5 } },
    columns: [
      { ...total, type: 'Text', mask: { kind: 'truncate', length: 2 } },
      { name: 'note', type: 'Any', path: 'note' },
    ],
  });
  const { steps } = await planOf([wanted], [existing()]);
  expect(steps).toMatchObject([{ action: 'change-shape', isPossible: false, errorCode: 'EMC-5004' }]);
  expect(steps[0]?.differences).toEqual([
    'The source is shop.orders, described is shop.sales.',
    'The stream is default, described is abroad.',
    'The filter is none, described is {"total":{"$gt":{"$numberInt":"5"}}}.',
    'Column total: the type is Number, described is Text.',
    'Column total: the mask is none, described is truncate to 2.',
    'Column note is new.',
    'Column city is not described.',
  ]);
});

test('a filter equals the stored one however its values are written', async () => {
  const stored = existing({ where: { total: { $gt: { $numberInt: '5' } } } });
  expect((await planOf([described({ where: { total: { $gt: 5 } } })], [stored])).steps).toMatchObject([
    { action: 'none' },
  ]);
});

test('what is wrong with one entity is said in its step and hides no other', async () => {
  const hashed = described({ entityName: 'hashed', columns: [{ ...total, type: 'Text', mask: { kind: 'hash' } }] });
  const view = described({ entityName: 'view', sourceName: 'shop.view' });
  const { steps } = await planOf([hashed, view, described()], []);
  expect(steps.map(({ isPossible, errorCode }) => [isPossible, errorCode])).toEqual([
    [false, 'EMC-2020'],
    [false, 'EMC-2007'],
    [true, null],
  ]);
});

test('an entity that is being deleted cannot be created again yet; a name that is described twice is refused', async () => {
  const deleting = existing({ lifecycle: 'deleting' });
  expect((await planOf([described()], [deleting])).steps).toMatchObject([{ action: 'create', isPossible: false }]);
  await expect(planOf([described(), described({ entityName: 'ORDERS' })], [])).rejects.toMatchObject({
    code: 'EMC-5001',
    fields: [{ path: ['entities', 1, 'entityName'] }],
  });
});
