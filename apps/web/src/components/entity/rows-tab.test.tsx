// @vitest-environment jsdom
import type { EntityView, RowsPage } from '@emcachers/core/api-views';
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, heldAnswer, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { RowsTab } from './rows-tab.tsx';

const page = (overrides: Partial<RowsPage> = {}): RowsPage => ({
  columns: ['status', 'total'],
  rows: [
    { docId: 'o1', cells: ['paid', '9007199254740993'], cut: [] },
    { docId: 'o2', cells: [null, '0.1000000000000000000000000000000001'], cut: [] },
  ],
  next: null,
  total: 2,
  offset: 500,
  ...overrides,
});

interface OpenRows {
  readonly entity?: Partial<EntityView>;
  readonly answers?: Answers;
  readonly search?: string;
}

function openRows({ entity = {}, answers = {}, search = '' }: OpenRows = {}) {
  const opened = {
    answers: { 'entities.rows': () => page(), 'entities.explainRow': () => [], ...answers },
    search,
    pathname: '/entities/orders',
  };
  return openConsole(<RowsTab entity={sampleEntity(entity)} />, opened);
}

const table = () => screen.getByRole('table', { name: 'Rows of orders' });
const cellsOf = (row: number) =>
  within(within(table()).getAllByRole('row')[row + 1] ?? document.body)
    .getAllByRole('cell')
    .map((cell) => cell.textContent);
const loaded = () => screen.findByText('paid');

describe('the rows of a cache', () => {
  test('keep every digit of a number that JavaScript cannot hold', async () => {
    openRows();
    await loaded();
    expect(cellsOf(0)).toEqual(['o1', 'paid', '9007199254740993']);
    expect(cellsOf(1)[2]).toBe('0.1000000000000000000000000000000001');
  });

  test('distinguish NULL, the empty string and the text “NULL”', async () => {
    const columns = ['null', 'empty', 'text'];
    const rows = [{ docId: 'x', cells: [null, '', 'NULL'], cut: [] }];
    openRows({ answers: { 'entities.rows': () => page({ columns, rows }) } });
    await screen.findByText('x');
    const [, nothing, empty, text] = within(table()).getAllByRole('cell');
    expect([nothing?.textContent, empty?.textContent, text?.textContent]).toEqual(['NULL', '', 'NULL']);
    expect(nothing?.querySelector('code')).toBeNull();
    expect(text?.querySelector('code')).not.toBeNull();
  });

  test('cut a long value and keep the whole value in the title', async () => {
    const long = 'x'.repeat(200);
    openRows({ answers: { 'entities.rows': () => page({ rows: [{ docId: 'o1', cells: ['paid', long], cut: [] }] }) } });
    await loaded();
    expect(screen.getByTitle(long).textContent).toBe(`${'x'.repeat(80)}…`);
  });

  test('show the total and the offset of the cache', async () => {
    openRows();
    expect(await screen.findByText('2 rows at offset 500')).toBeInstanceOf(HTMLElement);
  });

  test('show placeholders while loading', async () => {
    const answer = heldAnswer<RowsPage>();
    openRows({ answers: { 'entities.rows': () => answer.promise } });
    expect(table().getAttribute('aria-busy')).toBe('true');
    answer.release(page());
    await loaded();
    expect(table().getAttribute('aria-busy')).toBe('false');
  });

  test('mark a cell that changed, and only that cell', async () => {
    const { engine } = openRows();
    await loaded();
    const changed = page({ rows: [{ docId: 'o1', cells: ['shipped', '9007199254740993'], cut: [] }] });
    engine.answer({ 'entities.rows': () => changed });
    engine.push({ kind: 'rows-changed', entityName: 'orders', offset: 501 });
    await screen.findByText('shipped');
    await waitFor(() => expect(screen.getByText('shipped').className).toContain('changed-cell'));
    expect(screen.getByText('9007199254740993').className).not.toContain('changed-cell');
  });

  test('show the last change of a burst, although rows were being read when it came', async () => {
    const { engine } = openRows();
    await loaded();
    const withStatus = (status: string, offset: number) =>
      page({ rows: [{ docId: 'o1', cells: [status, '1'], cut: [] }], offset });
    const held = heldAnswer<RowsPage>();
    engine.answer({ 'entities.rows': () => held.promise });
    engine.push({ kind: 'rows-changed', entityName: 'orders', offset: 501 });
    await waitFor(() => expect(engine.inputsOf('entities.rows')).toHaveLength(2));
    engine.push({ kind: 'rows-changed', entityName: 'orders', offset: 502 });
    engine.push({ kind: 'rows-changed', entityName: 'orders', offset: 503 });
    engine.answer({ 'entities.rows': () => withStatus('shipped', 503) });
    held.release(withStatus('packed', 501));
    await screen.findByText('shipped');
    expect(engine.inputsOf('entities.rows')).toHaveLength(3);
  });
});

describe('the pages of rows', () => {
  const pages: Readonly<Record<string, RowsPage>> = {
    '': page({ next: 'o2' }),
    o2: page({ rows: [{ docId: 'o3', cells: ['new', '3'], cut: [] }], next: 'o3' }),
    o3: page({ rows: [{ docId: 'o4', cells: ['last', '4'], cut: [] }] }),
  };
  const answers: Answers = { 'entities.rows': ({ after = '' }) => pages[after] ?? page({ rows: [] }) };
  const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });

  test('are turned forwards, backwards and to the first, and are in the URL', async () => {
    const { user, search } = openRows({ answers });
    await loaded();
    expect(button('Previous').disabled).toBe(true);
    await user.click(button('Next'));
    await screen.findByText('o3');
    expect(search()).toContain('after=o2');
    await user.click(button('Next'));
    await screen.findByText('o4');
    expect(button('Next').disabled).toBe(true);
    await user.click(button('Previous'));
    await screen.findByText('o3');
    await user.click(button('First'));
    await screen.findByText('o1');
    expect(search()).not.toContain('after=');
  });

  test('a link opens the page that it names, from where “First” leads back', async () => {
    const { user } = openRows({ answers, search: '?after=o2' });
    await screen.findByText('o3');
    expect(button('Previous').disabled).toBe(true);
    await user.click(button('First'));
    await screen.findByText('o1');
  });

  test('a single page has no page buttons', async () => {
    openRows();
    await loaded();
    expect(screen.queryByRole('navigation', { name: 'Pages' })).toBeNull();
  });
});

describe('finding a document', () => {
  const answers: Answers = {
    'entities.rows': ({ idText }) => {
      if (idText === undefined) return page();
      return page({ rows: idText === 'o9' ? [{ docId: 'o9', cells: ['found', '9'], cut: [] }] : [] });
    },
  };
  const field = () => screen.getByRole('textbox', { name: 'Find a document by its id' });

  test('Enter asks for the trimmed id alone, and one button shows all rows again', async () => {
    const { user, engine } = openRows({ answers });
    await loaded();
    await user.type(field(), ' o9 {Enter}');
    await screen.findByText('found');
    expect(engine.inputsOf('entities.rows').at(-1)).toEqual({ entityName: 'orders', limit: 25, idText: 'o9' });
    await user.click(screen.getByRole('button', { name: 'Show all rows' }));
    await loaded();
    expect(screen.queryByText('found')).toBeNull();
  });

  test('an unknown id is named in the empty table', async () => {
    const { user } = openRows({ answers });
    await loaded();
    await user.type(field(), 'zzz{Enter}');
    expect((await screen.findByText(/No row has the document id/)).textContent).toContain('zzz');
  });
});

describe('a cache without rows', () => {
  test('is not requested before the first scan is complete', async () => {
    const { engine } = openRows({ entity: { documents: null, activity: 'scanning' } });
    expect(await screen.findByText('No rows yet. All rows appear when the first scan is complete.')).toBeInstanceOf(
      HTMLElement,
    );
    expect(engine.inputsOf('entities.rows')).toEqual([]);
  });

  test('of an empty collection says so', async () => {
    openRows({ answers: { 'entities.rows': () => page({ rows: [], total: 0 }) } });
    expect(await screen.findByText(/The collection is empty/)).toBeInstanceOf(HTMLElement);
  });

  test('that cannot be read shows the error, and a retry shows the rows', async () => {
    const broken = refusal({ code: 'EMC-4003', detail: 'The cache file cannot be opened.' });
    const { user, engine } = openRows({
      answers: {
        'entities.rows': () => {
          throw broken;
        },
      },
    });
    expect(await screen.findByText('Could not read the rows.')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('The cache file cannot be opened.')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByRole('table')).toBeNull();
    engine.answer({ 'entities.rows': () => page() });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await loaded();
  });
});
