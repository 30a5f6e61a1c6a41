// @vitest-environment jsdom
import type { OplogEntryView } from '@emcachers/core/api-views';
import { fireEvent, screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { OplogTab } from './oplog-tab.tsx';

const entry = (id: number, overrides: Partial<OplogEntryView> = {}): OplogEntryView => ({
  id,
  operation: 'Upsert',
  docId: `doc-${id}`,
  version: 3,
  createdAt: '2026-11-21T12:03:21.442Z',
  preview: `{"total":${id}.10}`,
  previewCut: false,
  ...overrides,
});

/** Entries 1 to 6 in pages of two. */
const answers: Answers = {
  'entities.oplog': ({ before = 7 }) => ({
    entries: [entry(before - 1), entry(before - 2)],
    next: before - 2 > 1 ? before - 2 : null,
  }),
};

function openOplog(more: Answers = {}, search = '') {
  return openConsole(<OplogTab entityName="orders" />, {
    answers: { ...answers, ...more },
    search,
    pathname: '/entities/orders',
  });
}

const button = (name: string) => screen.getByRole<HTMLButtonElement>('button', { name });
const docIds = () =>
  within(screen.getByRole('table', { name: 'Oplog entries of orders' }))
    .getAllByText(/^doc-/)
    .map((cell) => cell.textContent);

describe('the pages of the oplog', () => {
  test('go back in time and forward again', async () => {
    const { user, engine, search } = openOplog();
    await screen.findByText('doc-6');
    expect(screen.getByText('New entries appear automatically')).toBeInstanceOf(HTMLElement);
    await user.click(button('Next'));
    await screen.findByText('doc-4');
    expect(docIds()).toEqual(['doc-4', 'doc-3']);
    expect(search()).toContain('before=5');
    expect(screen.getByText('Entries before 5')).toBeInstanceOf(HTMLElement);
    await user.click(button('Next'));
    await screen.findByText('doc-2');
    expect(button('Next').disabled).toBe(true);
    await user.click(button('Previous'));
    await screen.findByText('doc-4');
    await user.click(button('First'));
    await screen.findByText('doc-6');
    expect(engine.inputsOf('entities.oplog')[1]).toEqual({ entityName: 'orders', limit: 25, before: 5 });
  });

  test('a link opens the page that it names', async () => {
    openOplog({}, '?before=5');
    await screen.findByText('doc-4');
    expect(button('First').disabled).toBe(false);
  });
});

describe('an entry of the oplog', () => {
  test('opens and closes with the keyboard and shows its row as JSON, digit for digit', async () => {
    const { user, search } = openOplog();
    await screen.findByText('doc-6');
    const open = button('Row of entry 6');
    expect(open.getAttribute('aria-expanded')).toBe('false');
    open.focus();
    await user.keyboard('{Enter}');
    expect(await screen.findByText(/"total": 6\.10/)).toBeInstanceOf(HTMLElement);
    expect(button('Row of entry 6').getAttribute('aria-expanded')).toBe('true');
    expect(search()).toContain('entry=6');
    await user.click(button('Row of entry 6'));
    await waitFor(() => expect(screen.queryByText(/"total": 6\.10/)).toBeNull());
  });

  test('says where its preview was cut', async () => {
    const cut = entry(6, { preview: '{"note":"abc', previewCut: true });
    openOplog({ 'entities.oplog': () => ({ entries: [cut], next: null }) }, '?entry=6');
    expect((await screen.findByText(/"abc/)).textContent).toContain('… cut at 2 kB');
  });

  test('of a deletion has no row to open', async () => {
    const deletion = entry(6, { operation: 'Delete', preview: null });
    openOplog({ 'entities.oplog': () => ({ entries: [deletion], next: null }) });
    expect(await screen.findByText('Delete')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('no row')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByRole('button', { name: /Row of entry/ })).toBeNull();
  });
});

describe('a growing oplog', () => {
  const grown: Answers = { 'entities.oplog': () => ({ entries: [entry(7), entry(6)], next: null }) };

  test('shows new entries as they are appended', async () => {
    const { engine } = openOplog();
    await screen.findByText('doc-6');
    engine.answer(grown);
    engine.push({ kind: 'rows-changed', entityName: 'orders', offset: 501 });
    await screen.findByText('doc-7');
  });

  test('does not move under the pointer, and catches up when the pointer leaves', async () => {
    const { engine } = openOplog();
    const row = await screen.findByText('doc-6');
    const table = screen.getByRole('table');
    fireEvent.pointerEnter(table.closest('section')?.parentElement ?? table);
    expect(screen.getByText('Updates paused while you point here')).toBeInstanceOf(HTMLElement);
    engine.answer(grown);
    engine.push({ kind: 'rows-changed', entityName: 'orders', offset: 501 });
    await waitFor(() => expect(engine.inputsOf('entities.oplog')).toHaveLength(2));
    expect(screen.queryByText('doc-7')).toBeNull();
    expect(row.isConnected).toBe(true);
    fireEvent.pointerLeave(table.closest('section')?.parentElement ?? table);
    await screen.findByText('doc-7');
  });
});

describe('an oplog without entries', () => {
  test('says when the first entries come', async () => {
    openOplog({ 'entities.oplog': () => ({ entries: [], next: null }) });
    expect(await screen.findByText('No entries yet. The first scan appends the first entries.')).toBeInstanceOf(
      HTMLElement,
    );
  });

  test('that cannot be read shows the error with a retry', async () => {
    const down = refusal({ code: 'EMC-2001', detail: 'PostgreSQL does not answer.' });
    const { user, engine } = openOplog({
      'entities.oplog': () => {
        throw down;
      },
    });
    expect(await screen.findByText('Could not read the oplog.')).toBeInstanceOf(HTMLElement);
    engine.answer(answers);
    await user.click(button('Try again'));
    await screen.findByText('doc-6');
  });
});
