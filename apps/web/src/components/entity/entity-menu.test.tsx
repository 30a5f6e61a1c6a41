// @vitest-environment jsdom
import type { Activity } from '@emcachers/core/api-views';
import { screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleJob } from '../../../test/samples.ts';
import { EntityMenu } from './entity-menu.tsx';

function openMenu(activity: Activity, isOnItsPage = false) {
  return openConsole(<EntityMenu entityName="orders" activity={activity} isOnItsPage={isOnItsPage} />, {
    answers: { 'entities.resume': () => ({ jobId: sampleJob().jobId }), 'jobs.get': () => sampleJob() },
  });
}

const trigger = () => screen.getByRole('button', { name: 'Actions for orders' });
const itemNames = async () => (await screen.findAllByRole('menuitem')).map((item) => item.textContent?.trim());
const item = (name: string) => screen.findByRole('menuitem', { name });

test('the list’s menu has every action', async () => {
  const { user } = openMenu('live');
  await user.click(trigger());
  expect(await itemNames()).toEqual([
    'Refresh from source',
    'Rebuild cache',
    'Pause',
    'Verify',
    'Repair',
    'Make snapshot',
    'Refresh documents',
    'Erase documents',
    'Duplicate',
    'Delete entity',
  ]);
});

test('on the entity’s page the menu omits the actions that are buttons there', async () => {
  const { user } = openMenu('live', true);
  await user.click(trigger());
  expect(await itemNames()).toEqual([
    'Pause',
    'Verify',
    'Repair',
    'Make snapshot',
    'Refresh documents',
    'Erase documents',
    'Duplicate',
    'Delete entity',
  ]);
});

test('it opens with the keyboard and starts the dialog of the chosen action', async () => {
  const { user, engine } = openMenu('live');
  await user.tab();
  expect(document.activeElement).toBe(trigger());
  await user.keyboard('{Enter}');
  await waitFor(async () => expect(document.activeElement).toBe(await item('Refresh from source')));
  await user.keyboard('{ArrowDown}{ArrowDown}{Enter}');
  expect(await screen.findByRole('alertdialog', { name: 'Pause orders?' })).toBeInstanceOf(HTMLElement);
  expect(engine.inputsOf('entities.pause')).toEqual([]);
});

test('Escape closes it and returns the focus to its button', async () => {
  const { user } = openMenu('live');
  trigger().focus();
  await user.keyboard('{Enter}');
  await item('Pause');
  await user.keyboard('{Escape}');
  await waitFor(() => expect(screen.queryByRole('menu')).toBeNull());
  await waitFor(() => expect(document.activeElement).toBe(trigger()));
});

test('a paused entity is resumed without a dialog', async () => {
  const { user, engine } = openMenu('paused');
  await user.click(trigger());
  expect(await itemNames()).not.toContain('Pause');
  await user.click(await item('Resume'));
  await screen.findByText('Resumed orders');
  expect(engine.inputsOf('entities.resume')).toEqual([{ entityName: 'orders' }]);
});

test('while it is being deleted, only Duplicate is enabled', async () => {
  const { user } = openMenu('deleting');
  await user.click(trigger());
  const items = await screen.findAllByRole('menuitem');
  const enabled = items.filter((entry) => entry.getAttribute('aria-disabled') !== 'true');
  expect(enabled.map((entry) => entry.textContent?.trim())).toEqual(['Duplicate']);
});

test('Duplicate leads to the form with this entity’s shape', async () => {
  const { user } = openMenu('live');
  await user.click(trigger());
  expect((await item('Duplicate')).getAttribute('href')).toBe('/entities/new?from=orders');
});
