// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, connectionLost, heldAnswer, refusal } from '../../../test/answers.ts';
import { openConsole, pass } from '../../../test/open-console.tsx';
import { sampleEntity, sampleNode } from '../../../test/sample-entity.ts';
import { sampleFleet, sampleNodeView } from '../../../test/samples.ts';
import { FleetPage } from './fleet-page.tsx';

const orders = sampleEntity({ documents: 1_200, lagEntries: 4, deadLetters: 2, coercionErrors: 1 });
const invoices = sampleEntity({
  entityName: 'invoices',
  sourceName: 'billing.invoices',
  documents: 30,
  health: 'failed',
  activity: 'failed',
});
const prices = sampleEntity({
  entityName: 'prices',
  documents: null,
  activity: 'scanning',
  scan: { ...orders.scan, scanned: 500, estimated: 2_000, finishedAt: null },
  nodes: [sampleNode({ nodeId: 'node-b', health: 'degraded' })],
});
const fleet = sampleFleet({ entities: [orders, prices, invoices] });

function openFleet(answers: Answers = {}, search = '') {
  return openConsole(<FleetPage />, { answers: { 'fleet.get': () => fleet, ...answers }, search });
}

const table = () => screen.getByRole('table', { name: 'Entities' });
const names = () =>
  within(table())
    .getAllByRole('row')
    .slice(1)
    .map((row) => within(row).getAllByRole('link')[0]?.textContent);
const loaded = () => screen.findByRole('link', { name: 'orders' });
const header = (name: string) => within(table()).getByRole('columnheader', { name });
const rowOf = (name: string) => {
  const row = screen.getByRole('link', { name }).closest('tr');
  if (row === null) throw new Error(`${name} is in no row.`);
  return row;
};

describe('the entity table', () => {
  test('shows placeholders and is marked as busy until the first answer', async () => {
    const answer = heldAnswer<typeof fleet>();
    openFleet({ 'fleet.get': () => answer.promise });
    expect(table().getAttribute('aria-busy')).toBe('true');
    expect(screen.queryByText('No entities match this filter.')).toBeNull();
    answer.release(fleet);
    await loaded();
    expect(table().getAttribute('aria-busy')).toBe('false');
  });

  test('lists the worst entity first', async () => {
    openFleet();
    await loaded();
    expect(names()).toEqual(['invoices', 'prices', 'orders']);
  });

  test('shows status, figures and errors of an entity', async () => {
    openFleet();
    await loaded();
    const row = within(rowOf('orders'));
    expect(row.getByText('Live')).toBeInstanceOf(HTMLElement);
    expect(row.getByText('1,200')).toBeInstanceOf(HTMLElement);
    const errors = row.getByRole('link', { name: '3' });
    expect(errors.title).toBe('2 dead letters, 1 type error');
    expect(errors.getAttribute('href')).toBe('/problems?entity=orders');
    expect(within(rowOf('prices')).getByText('Scanning 25 %')).toBeInstanceOf(HTMLElement);
    expect(within(rowOf('prices')).getByText('~2,000')).toBeInstanceOf(HTMLElement);
    expect(within(rowOf('prices')).getByRole('img', { name: 'node-b: degraded' })).toBeInstanceOf(HTMLElement);
  });

  test('keeps its order while the pointer is in it, with new figures, and sorts again when the pointer leaves', async () => {
    const { user, engine } = openFleet();
    await loaded();
    await user.hover(screen.getByRole('link', { name: 'orders' }));
    const worse = { ...orders, health: 'failed', activity: 'failed', documents: 77 } as const;
    const well = { ...invoices, health: 'ok', activity: 'live' } as const;
    engine.push({ kind: 'fleet', fleet: { ...fleet, entities: [worse, prices, well] } });
    expect(await within(rowOf('orders')).findByText('77')).toBeInstanceOf(HTMLElement);
    expect(names()).toEqual(['invoices', 'prices', 'orders']);
    await user.unhover(table().parentElement?.parentElement ?? document.body);
    await waitFor(() => expect(names()[0]).toBe('orders'));
  });

  test('a header sorts figures descending, then ascending, then by the worst again', async () => {
    const { user, search } = openFleet();
    await loaded();
    const sort = within(header('Documents')).getByRole('button');
    await user.click(sort);
    await waitFor(() => expect(names()).toEqual(['orders', 'invoices', 'prices']));
    expect(header('Documents').getAttribute('aria-sort')).toBe('descending');
    expect(search()).toContain('sort=documents');
    await user.click(sort);
    await waitFor(() => expect(header('Documents').getAttribute('aria-sort')).toBe('ascending'));
    expect(names()).toEqual(['prices', 'invoices', 'orders']);
    await user.click(sort);
    await waitFor(() => expect(header('Documents').getAttribute('aria-sort')).toBe('none'));
    expect(names()).toEqual(['invoices', 'prices', 'orders']);
  });

  test('sorts names ascending with the keyboard, and “Worst first” restores the order', async () => {
    const { user } = openFleet();
    await loaded();
    within(header('Entity')).getByRole('button').focus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(header('Entity').getAttribute('aria-sort')).toBe('ascending'));
    expect(names()).toEqual(['invoices', 'orders', 'prices']);
    const worst = screen.getByRole('button', { name: 'Worst first' });
    expect(worst.getAttribute('aria-pressed')).toBe('false');
    await user.click(worst);
    await waitFor(() => expect(worst.getAttribute('aria-pressed')).toBe('true'));
  });
});

describe('the filters of the entity table', () => {
  test('a search matches the source too and is kept in the URL', async () => {
    const { user, search } = openFleet();
    await loaded();
    await user.type(screen.getByRole('searchbox', { name: 'Search entities and sources' }), 'billing');
    await waitFor(() => expect(names()).toEqual(['invoices']));
    await waitFor(() => expect(search()).toContain('q=billing'));
  });

  test('a search without a match offers to show all entities again', async () => {
    const { user } = openFleet({}, '?q=nothing');
    expect(await screen.findByText('No entities match this filter.')).toBeInstanceOf(HTMLElement);
    await user.click(screen.getByRole('button', { name: 'Show all entities' }));
    await loaded();
    expect(names()).toHaveLength(3);
  });

  test('a status narrows the list', async () => {
    const { user } = openFleet();
    await loaded();
    await user.selectOptions(screen.getByRole('combobox', { name: 'Status' }), 'Unhealthy');
    await waitFor(() => expect(names()).toEqual(['invoices']));
    await user.selectOptions(screen.getByRole('combobox', { name: 'Status' }), 'Busy');
    await waitFor(() => expect(names()).toEqual(['prices']));
  });

  test('a filter from the URL is applied', async () => {
    openFleet({}, '?status=busy');
    await screen.findByRole('link', { name: 'prices' });
    expect(names()).toEqual(['prices']);
  });

  test('the node filter exists only if there is more than one node', async () => {
    openFleet();
    await loaded();
    expect(screen.queryByRole('combobox', { name: 'Node' })).toBeNull();
  });

  test('a node narrows the list to entities with a cache on it', async () => {
    const nodes = [sampleNodeView(), sampleNodeView({ nodeId: 'node-b', isLeader: false })];
    const { user } = openFleet({ 'fleet.get': () => ({ ...fleet, nodes }) });
    await loaded();
    await user.selectOptions(screen.getByRole('combobox', { name: 'Node' }), 'node-b');
    await waitFor(() => expect(names()).toEqual(['prices']));
  });
});

describe('the fleet page', () => {
  test('opens with the engine’s sentence and a link to create an entity', async () => {
    openFleet();
    expect(await screen.findByRole('heading', { level: 1, name: '1 of 1 entity is live and fresh.' })).toBeInstanceOf(
      HTMLElement,
    );
    expect(screen.getByRole('link', { name: 'New entity' }).getAttribute('href')).toBe('/entities/new');
  });

  test('shows each pipeline stage with its figure, and “Loading” for a stage without a report', async () => {
    const stage = { stage: 'oplog', health: 'degraded', figure: 1_234.4, unit: '/s', evidence: 'head 99' } as const;
    openFleet({ 'fleet.get': () => ({ ...fleet, stages: [stage] }) });
    await loaded();
    const pipeline = within(screen.getByRole('region', { name: 'Pipeline' }));
    expect(pipeline.getAllByRole('listitem')).toHaveLength(6);
    expect(pipeline.getByRole('img', { name: 'Degraded' })).toBeInstanceOf(HTMLElement);
    expect(pipeline.getByText('1,234')).toBeInstanceOf(HTMLElement);
    expect(pipeline.getByText('head 99')).toBeInstanceOf(HTMLElement);
    expect(pipeline.getAllByRole('img', { name: 'Loading' })).toHaveLength(5);
  });

  test('without a first answer it says that the state is unknown, and retries on request', async () => {
    const away = refusal({ code: 'EMC-5008', detail: 'The engine at 127.0.0.1 does not answer.', httpStatus: 502 });
    const { user, engine } = openFleet({
      'fleet.get': () => {
        throw away;
      },
    });
    expect(await screen.findByText('Could not read the state from the engine.')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('EMC-5008')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByRole('table')).toBeNull();
    engine.answer({ 'fleet.get': () => fleet });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await loaded();
    expect(screen.queryByText('EMC-5008')).toBeNull();
  });

  test('keeps the last figures and calls them out of date once the engine has stopped answering', async () => {
    const { engine } = openConsole(<FleetPage />, {
      answers: { 'fleet.get': () => fleet },
      reach: 'gateway',
      hasFakeTimers: true,
    });
    await pass(100);
    engine.answer({
      'fleet.get': () => {
        throw connectionLost();
      },
    });
    for (const retryMs of [600, 1_100, 2_100, 4_100]) {
      engine.breakStream();
      await pass(retryMs);
    }
    expect(screen.getByText('The engine does not answer. The figures below are out of date.')).toBeInstanceOf(
      HTMLElement,
    );
    expect(screen.getByText('The figures below are from 12:03:22.')).toBeInstanceOf(HTMLElement);
    expect(names()).toHaveLength(3);
  });

  test.each([
    ['nowhere', 'This browser cannot reach the console. The figures below are out of date.'],
    ['console', 'The console’s server does not answer. The figures below are out of date.'],
    ['gateway', 'The engine does not answer. The figures below are out of date.'],
    ['engine', 'The engine answers, but sends no updates. The figures below are out of date.'],
  ] as const)(
    'after 5 s of silence nothing is green, and one sentence names the cause (a probe reaches %s)',
    async (reach, cause) => {
      openConsole(<FleetPage />, { answers: { 'fleet.get': () => sampleFleet() }, reach, hasFakeTimers: true });
      await pass(4_900);
      expect(screen.getByRole('heading', { level: 1 }).textContent).toBe('1 of 1 entity is live and fresh.');
      await pass(2_200);
      expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(
        'The state of the entities is unknown since 12:03:22.',
      );
      expect(screen.getByText(cause)).toBeInstanceOf(HTMLElement);
      expect(within(rowOf('orders')).getByText('Live, unconfirmed')).toBeInstanceOf(HTMLElement);
      expect(within(rowOf('orders')).queryByText('Live')).toBeNull();
    },
  );

  test('that gets no first answer at all says that the state is unknown, instead of loading for ever', async () => {
    const answer = heldAnswer<typeof fleet>();
    openConsole(<FleetPage />, {
      answers: { 'fleet.get': () => answer.promise },
      reach: 'gateway',
      hasFakeTimers: true,
    });
    await pass(7_000);
    expect(screen.getByText('The state of your entities is unknown.')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('The engine does not answer.')).toBeInstanceOf(HTMLElement);
  });

  test('does not offer to create the first entity while PostgreSQL cannot be read', async () => {
    openFleet({ 'fleet.get': () => sampleFleet({ entities: [], health: 'unknown', sentence: 'PostgreSQL is away.' }) });
    await screen.findByRole('heading', { level: 1, name: 'PostgreSQL is away.' });
    expect(screen.queryByText('Create your first entity')).toBeNull();
  });

  test('without entities it lists the collections to copy', async () => {
    openFleet({
      'fleet.get': () => sampleFleet({ entities: [] }),
      'sources.list': () => [{ sourceName: 'shop.orders', estimatedDocuments: 12_340, entities: [] }],
    });
    const link = await screen.findByRole('link', { name: 'Create entity from shop.orders' });
    expect(link.getAttribute('href')).toBe('/entities/new?source=shop.orders');
    expect(screen.getByText('~12.3 k')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByRole('table', { name: 'Entities' })).toBeNull();
  });

  test('without entities and collections it says what to do', async () => {
    openFleet({ 'fleet.get': () => sampleFleet({ entities: [] }), 'sources.list': () => [] });
    expect(await screen.findByText(/MongoDB has no collections yet/)).toBeInstanceOf(HTMLElement);
  });

  test('collections that cannot be listed are an error with a retry', async () => {
    const down = refusal({ code: 'EMC-1002', detail: 'MongoDB does not answer.' });
    const { user, engine } = openFleet({
      'fleet.get': () => sampleFleet({ entities: [] }),
      'sources.list': () => {
        throw down;
      },
    });
    expect(await screen.findByText('Could not list the MongoDB collections.')).toBeInstanceOf(HTMLElement);
    engine.answer({ 'sources.list': () => [] });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    expect(await screen.findByText(/MongoDB has no collections yet/)).toBeInstanceOf(HTMLElement);
  });
});

describe('the oplog headroom', () => {
  const hourMs = 3_600_000;

  test('is the time before a rescan would be needed', async () => {
    openFleet({
      'fleet.get': () => ({
        ...fleet,
        sourceOplog: {
          level: 'warning',
          windowMs: 48 * hourMs,
          behindMs: 17 * hourMs,
          headroomMs: 31 * hourMs,
          reason: 'x',
        },
      }),
    });
    const line = await screen.findByText(/^Oplog headroom/);
    expect(line.textContent).toBe('Oplog headroom: 1 d 7 h before a rescan would be needed; MongoDB reaches back 2 d.');
    expect(line.parentElement?.querySelector('[role=img]')?.getAttribute('aria-label')).toBe('Short');
  });

  test('is enough, without a figure, while the server is new', async () => {
    const reason = 'MongoDB has removed nothing from its oplog.';
    const sourceOplog = { level: 'ok' as const, windowMs: 500, behindMs: 0, headroomMs: null, reason };
    openFleet({ 'fleet.get': () => ({ ...fleet, sourceOplog }) });
    expect((await screen.findByText(/^Oplog headroom/)).textContent).toBe(`Oplog headroom: enough. ${reason}`);
  });

  test('names the privilege to grant if it is not known', async () => {
    const reason = 'Grant the user the role read on the database local.';
    const sourceOplog = { level: 'unknown' as const, windowMs: null, behindMs: null, headroomMs: null, reason };
    openFleet({ 'fleet.get': () => ({ ...fleet, sourceOplog }) });
    expect((await screen.findByText(/^Oplog headroom/)).textContent).toBe(`Oplog headroom: not known. ${reason}`);
  });
});
