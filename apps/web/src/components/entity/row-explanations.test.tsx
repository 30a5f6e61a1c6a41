// @vitest-environment jsdom
import type { RowExplanation } from '@emcachers/core/row-explanation';
import { screen, waitFor, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { RowExplanations } from './row-explanations.tsx';

const row = (...cells: string[]) => ({ cells, cut: [], digests: cells });

const wrong: RowExplanation = {
  docId: 'n:7',
  verdict: 'cache-wrong',
  reason: 'The cache on n2 has applied the newest entry, but its row is another one.',
  action: 'repair',
  nextStep: 'Repair the entity.',
  columns: ['status', 'email'],
  masked: ['email'],
  differing: [],
  source: { state: 'found', row: row('paid', 'a…'), reason: null },
  entries: [{ id: 1200, operation: 'Upsert', version: 2, createdAt: '2026-11-21T12:03:22.000Z' }],
  oplogRow: row('paid', 'a…'),
  deadLetter: null,
  nodes: [
    { nodeId: 'n1', state: 'level', offset: 1200, row: row('paid', 'a…'), differing: [], reason: null },
    { nodeId: 'n2', state: 'wrong', offset: 1201, row: row('open', 'a…'), differing: ['status'], reason: null },
    { nodeId: 'n3', state: 'silent', offset: null, row: null, differing: [], reason: 'It did not answer.' },
  ],
};

function open(explanations: () => RowExplanation[]) {
  return openConsole(<RowExplanations entityName="orders" idText="7" />, {
    answers: { 'entities.explainRow': explanations },
    pathname: '/entities/orders',
  });
}

test('shows the verdict, the next step and the row in each place, and marks the cells that differ', async () => {
  open(() => [wrong]);
  await screen.findByText('Cache wrong');
  screen.getByText('Repair the entity.');
  const table = screen.getByRole('table', { name: 'The row n:7 in each place' });
  const rows = within(table).getAllByRole('row');
  expect(rows.map((each) => each.textContent)).toEqual([
    'PlaceStatestatusemail (masked)',
    'MongoDBhas the documentpaida…',
    'OplogUpsert 1,200paida…',
    'n1has the newest entry, offset 1,200paida…',
    'n2has another row, offset 1,201opendiffersa…',
    'n3did not answerno rowno row',
  ]);
});

test('an id that may mean two documents has an explanation for each, and can be checked again', async () => {
  const { user, engine } = open(() => [wrong, { ...wrong, docId: '7', verdict: 'fresh', action: 'none' }]);
  await screen.findByText('Up to date');
  expect(screen.getAllByRole('region', { name: 'Why this row is what it is' })).toHaveLength(2);
  await user.click(screen.getAllByRole('button', { name: 'Check again' })[0] ?? document.body);
  await waitFor(() => expect(engine.inputsOf('entities.explainRow')).toHaveLength(2));
  expect(engine.inputsOf('entities.explainRow')[0]).toEqual({ entityName: 'orders', idText: '7' });
});

test('a document that exists nowhere is said not to exist, and a node without its row to have none', async () => {
  const node = { nodeId: 'n1', state: 'level' as const, offset: 9, row: null, differing: [], reason: null };
  const source = { state: 'absent' as const, row: null, reason: null };
  open(() => [{ ...wrong, verdict: 'fresh', action: 'none', source, entries: [], oplogRow: null, nodes: [node] }]);
  await screen.findByText('Does not exist');
  screen.getByText('has no row, offset 9');
  screen.getByText('no entry');
});

test('a failure says so and can be tried again', async () => {
  open(() => {
    throw refusal({ code: 'EMC-3001', detail: 'PostgreSQL does not answer.' });
  });
  await screen.findByText('Could not explain the row.');
  screen.getByRole('button', { name: 'Check again' });
});
