// @vitest-environment jsdom
import type { EntityView } from '@emcachers/core/api-views';
import { screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { type Answers, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { IndexesCard } from './indexes-card.tsx';

const columns = ['status', 'customer', 'total'].map((name) => ({ name, type: 'Text' as const, path: name }));
const onStatus = (nodes: EntityView['indexes'][number]['nodes'] = []) => ({ columns: ['status'], nodes });

function openCard(indexes: EntityView['indexes'], answers: Answers = {}) {
  const entity = sampleEntity({ columns, indexes });
  return openConsole(<IndexesCard entity={entity} />, {
    answers: { 'entities.setIndexes': () => entity, ...answers },
    pathname: '/entities/orders',
  });
}

const button = (name: string) => screen.getByRole('button', { name });

test('each index shows its state on every node, and the reason of a failure', () => {
  openCard([
    onStatus([
      { nodeId: 'n1', state: 'ready', reason: null },
      { nodeId: 'n2', state: 'building', reason: null },
      { nodeId: 'n3', state: 'failed', reason: 'database or disk is full' },
    ]),
  ]);
  const shown = screen.getAllByRole('listitem').map((item) => item.textContent);
  expect(shown).toEqual(['n1 Ready', 'n2 Building', 'n3 Failed', 'n3: database or disk is full EMC-4007']);
});

test('an index on two columns is added to those that the entity has', async () => {
  const { user, engine } = openCard([onStatus()]);
  await user.click(button('Add index'));
  await screen.findByRole('alertdialog', { name: 'Add an index to orders?' });
  await user.selectOptions(screen.getByLabelText('Column'), 'customer');
  await user.selectOptions(screen.getByLabelText('Then column 2'), 'total');
  await user.click(screen.getAllByRole('button', { name: 'Add index' }).at(-1) ?? document.body);
  await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull());
  expect(engine.inputsOf('entities.setIndexes')).toEqual([
    { entityName: 'orders', indexes: [{ columns: ['status'] }, { columns: ['customer', 'total'] }] },
  ]);
});

test('an index that the entity has cannot be added again', async () => {
  const { user, engine } = openCard([onStatus()]);
  await user.click(button('Add index'));
  await user.selectOptions(await screen.findByLabelText('Column'), 'status');
  expect(screen.getByText('The entity has this index already.')).toBeInstanceOf(HTMLElement);
  const confirm = screen.getAllByRole('button', { name: 'Add index' }).at(-1);
  expect(confirm?.hasAttribute('disabled')).toBe(true);
  expect(engine.inputsOf('entities.setIndexes')).toEqual([]);
});

test('dropping an index asks first, and shows the engine’s refusal', async () => {
  const { user, engine } = openCard([onStatus()], {
    'entities.setIndexes': () => {
      throw refusal({ code: 'EMC-5004', detail: 'Entity orders is being deleted.' });
    },
  });
  await user.click(button('Drop the index on status'));
  await screen.findByRole('alertdialog', { name: 'Drop the index on status?' });
  expect(engine.inputsOf('entities.setIndexes')).toEqual([]);
  await user.click(button('Drop index'));
  await screen.findByText(/Entity orders is being deleted/);
  expect(engine.inputsOf('entities.setIndexes')).toEqual([{ entityName: 'orders', indexes: [] }]);
});
