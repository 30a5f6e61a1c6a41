// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, heldAnswer, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity, sampleNode } from '../../../test/sample-entity.ts';
import { sampleFleet, sampleJob } from '../../../test/samples.ts';
import { EntityHead } from '../entity/entity-head.tsx';
import { ShapeTab } from '../entity/shape-tab.tsx';

const entity = sampleEntity({
  nodes: [sampleNode({ fileBytes: 1_000_000 }), sampleNode({ nodeId: 'node-b', fileBytes: 2_000_000 })],
});
const accepted = { jobId: sampleJob().jobId };
const jobAnswers: Answers = {
  'fleet.get': () => sampleFleet({ entities: [entity] }),
  'jobs.get': () => sampleJob(),
};

function openEntity(answers: Answers = {}) {
  return openConsole(
    <>
      <EntityHead entity={entity} />
      <ShapeTab entity={entity} />
    </>,
    { answers: { ...jobAnswers, ...answers }, pathname: '/entities/orders' },
  );
}

const pageButton = (name: string) => screen.findByRole('button', { name });
const dialogNamed = (name: string) => screen.findByRole('alertdialog', { name });
const inDialog = (dialog: HTMLElement, name: string) => within(dialog).getByRole<HTMLButtonElement>('button', { name });

describe('the dialog of an action', () => {
  test('states what a refresh reads, what readers see and what it deletes', async () => {
    const { user } = openEntity();
    await user.click(await pageButton('Refresh from source'));
    const dialog = await dialogNamed('Refresh orders from source?');
    expect(dialog.textContent).toContain('shop.orders');
    expect(dialog.textContent).toContain('~1,000 documents');
    expect(dialog.textContent).toMatch(/deleted/);
  });

  test('states the disk space of a rebuild in total over all nodes', async () => {
    const { user } = openEntity();
    await user.click(await pageButton('Rebuild cache'));
    const dialog = await dialogNamed('Rebuild the cache of orders?');
    expect(dialog.textContent).toContain('3 MB');
    expect(dialog.textContent).toContain('2 nodes');
  });

  test('opens with the focus on Cancel, and Cancel requests nothing', async () => {
    const { user, engine } = openEntity();
    await user.click(await pageButton('Refresh from source'));
    const dialog = await dialogNamed('Refresh orders from source?');
    await waitFor(() => expect(document.activeElement).toBe(inDialog(dialog, 'Cancel')));
    await user.keyboard('{Enter}');
    await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull());
    expect(engine.inputsOf('entities.refresh')).toEqual([]);
  });

  test('Escape closes it without a request', async () => {
    const { user, engine } = openEntity();
    await user.click(await pageButton('Rebuild cache'));
    await dialogNamed('Rebuild the cache of orders?');
    await user.keyboard('{Escape}');
    await waitFor(() => expect(screen.queryByRole('alertdialog')).toBeNull());
    expect(engine.inputsOf('entities.rebuild')).toEqual([]);
  });

  test.each([
    { checked: false, allowLargeSweep: false },
    { checked: true, allowLargeSweep: true },
  ])('large deletions are allowed only if the box is checked: $checked', async ({ checked, allowLargeSweep }) => {
    const { user, engine } = openEntity({ 'entities.refresh': () => accepted });
    await user.click(await pageButton('Refresh from source'));
    const dialog = await dialogNamed('Refresh orders from source?');
    if (checked) await user.click(within(dialog).getByRole('checkbox', { name: /Allow large deletions/ }));
    await user.click(inDialog(dialog, 'Refresh from source'));
    await screen.findByText('Refreshed orders');
    expect(engine.inputsOf('entities.refresh')).toEqual([{ entityName: 'orders', allowLargeSweep }]);
    expect(screen.queryByRole('alertdialog')).toBeNull();
  });

  test('a second click cannot start the action twice while the request is pending', async () => {
    const answer = heldAnswer<{ jobId: string }>();
    const { user, engine } = openEntity({ 'entities.rebuild': () => answer.promise });
    await user.click(await pageButton('Rebuild cache'));
    const dialog = await dialogNamed('Rebuild the cache of orders?');
    await user.click(inDialog(dialog, 'Rebuild cache'));
    const pending = await within(dialog).findByRole<HTMLButtonElement>('button', { name: 'Starting…' });
    expect(pending.disabled).toBe(true);
    await user.click(pending);
    answer.release(accepted);
    await screen.findByText('Rebuilt the cache of orders');
    expect(engine.inputsOf('entities.rebuild')).toHaveLength(1);
  });

  test('a refusal is announced in the dialog with its code, and the action can be tried again', async () => {
    const busy = refusal({ code: 'EMC-6003', detail: 'Another job of orders is running.', hint: 'Wait for it.' });
    const { user, engine } = openEntity({
      'entities.refresh': () => {
        throw busy;
      },
    });
    await user.click(await pageButton('Refresh from source'));
    const dialog = await dialogNamed('Refresh orders from source?');
    await user.click(inDialog(dialog, 'Refresh from source'));
    const alert = await within(dialog).findByRole('alert');
    expect(alert.textContent).toContain('Another job of orders is running.');
    expect(alert.textContent).toContain('Wait for it.');
    expect(alert.textContent).toContain('EMC-6003');
    engine.answer({ 'entities.refresh': () => accepted });
    await user.click(inDialog(dialog, 'Refresh from source'));
    await screen.findByText('Refreshed orders');
  });
});

describe('refreshing documents', () => {
  test('sends what the operator typed, and needs something to be typed', async () => {
    const { user, engine } = openEntity({ 'entities.refreshDocuments': () => accepted });
    await user.click(await pageButton('Actions for orders'));
    await user.click(await screen.findByRole('menuitem', { name: 'Refresh documents' }));
    const dialog = await dialogNamed('Refresh documents of orders?');
    const confirm = inDialog(dialog, 'Refresh documents');
    expect(confirm.disabled).toBe(true);
    await user.type(within(dialog).getByRole('textbox', { name: '_ids' }), 'A-17{Enter}7');
    await user.click(confirm);
    await screen.findByText('Refreshed documents of orders');
    expect(engine.inputsOf('entities.refreshDocuments')).toEqual([
      { entityName: 'orders', documents: { ids: ['A-17', 7, '7'] } },
    ]);
  });

  test('shows in the dialog why MongoDB does not take a query', async () => {
    const refused = refusal({ code: 'EMC-5012', detail: 'unknown operator: $around', hint: 'Correct the query.' });
    const { user } = openEntity({
      'entities.refreshDocuments': () => {
        throw refused;
      },
    });
    await user.click(await pageButton('Actions for orders'));
    await user.click(await screen.findByRole('menuitem', { name: 'Refresh documents' }));
    const dialog = await dialogNamed('Refresh documents of orders?');
    await user.selectOptions(within(dialog).getByRole('combobox', { name: 'Which documents' }), 'query');
    await user.type(within(dialog).getByRole('textbox', { name: 'Query' }), '{{"n":{{"$around":1}}');
    await user.click(inDialog(dialog, 'Refresh documents'));
    expect((await within(dialog).findByRole('alert')).textContent).toContain('unknown operator: $around');
  });
});

describe('erasing documents', () => {
  test('needs ids and the name of the entity, and says what it does not reach', async () => {
    const { user, engine } = openEntity({ 'entities.erase': () => accepted });
    await user.click(await pageButton('Actions for orders'));
    await user.click(await screen.findByRole('menuitem', { name: 'Erase documents' }));
    const dialog = await dialogNamed('Erase documents of orders?');
    expect(dialog.textContent).toContain('backups of PostgreSQL and MongoDB');
    await user.type(within(dialog).getByRole('textbox', { name: '_ids' }), 'A-17');
    const confirm = inDialog(dialog, 'Erase documents');
    expect(confirm.disabled).toBe(true);
    await user.type(within(dialog).getByRole('textbox', { name: /Type orders to confirm/ }), 'orders');
    await user.click(confirm);
    await screen.findByText('Erased documents of orders');
    expect(engine.inputsOf('entities.erase')).toEqual([{ entityName: 'orders', ids: ['A-17'], confirm: 'orders' }]);
  });
});

describe('deleting an entity', () => {
  async function openDeletion(answers: Answers = {}) {
    const opened = openEntity({ 'entities.delete': () => accepted, ...answers });
    await opened.user.click(await pageButton('Delete entity'));
    const dialog = await dialogNamed('Delete orders?');
    return { ...opened, dialog, field: within(dialog).getByRole('textbox', { name: /Type orders to confirm/ }) };
  }

  test('states what is deleted and that the collection in MongoDB is kept', async () => {
    const { dialog } = await openDeletion();
    expect(dialog.textContent).toContain('2 caches (3 MB)');
    expect(dialog.textContent).toContain('shop.orders');
  });

  test('is possible only after the exact name is typed', async () => {
    const { user, dialog, field, engine } = await openDeletion();
    const confirm = inDialog(dialog, 'Delete entity');
    expect(confirm.disabled).toBe(true);
    await user.type(field, 'Orders');
    expect(confirm.disabled).toBe(true);
    await user.keyboard('{Enter}');
    expect(engine.inputsOf('entities.delete')).toEqual([]);
    await user.clear(field);
    await user.type(field, 'orders');
    expect(confirm.disabled).toBe(false);
  });

  test('Enter in the field sends the confirmation, and the console leaves the deleted entity’s page', async () => {
    const { user, field, engine, visited } = await openDeletion();
    await user.type(field, 'orders{Enter}');
    await screen.findByText('Deleted orders');
    expect(engine.inputsOf('entities.delete')).toEqual([{ entityName: 'orders', confirm: 'orders' }]);
    expect(visited).toEqual(['/']);
  });

  test('a failed deletion leaves the operator on the page and shows the error code', async () => {
    const failed = sampleJob({ kind: 'delete', status: 'failed', errorCode: 'EMC-4001', message: 'The disk is full.' });
    const { user, field, visited } = await openDeletion({ 'jobs.get': () => failed });
    await user.type(field, 'orders{Enter}');
    await screen.findByText('Failed: Delete entity of orders');
    expect(screen.getByText('EMC-4001 The disk is full.')).toBeInstanceOf(HTMLElement);
    expect(visited).toEqual([]);
  });
});
