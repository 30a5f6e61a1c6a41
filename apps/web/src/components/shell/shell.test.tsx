// @vitest-environment jsdom
import type { FleetView } from '@emcachers/core/api-views';
import { screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleFleet } from '../../../test/samples.ts';
import { Shell } from './shell.tsx';

function openShell(pathname: string, fleet: Partial<FleetView> = {}) {
  return openConsole(
    <Shell theme="system">
      <h1>The page</h1>
    </Shell>,
    { answers: { 'fleet.get': () => sampleFleet(fleet) }, pathname },
  );
}

const navigation = () => within(screen.getByRole('navigation', { name: 'Main' }));
const links = () => navigation().getAllByRole('link');

describe('the navigation', () => {
  test.each([
    { pathname: '/', current: 'Entities' },
    { pathname: '/entities/orders', current: 'Entities' },
    { pathname: '/entities/new', current: 'Entities' },
    { pathname: '/nodes', current: 'Nodes' },
    { pathname: '/jobs', current: 'Jobs' },
    { pathname: '/incidents', current: 'Incidents' },
    { pathname: '/audit', current: 'Audit' },
  ])('marks $current as the current page at $pathname', ({ pathname, current }) => {
    openShell(pathname);
    const marked = links().filter((link) => link.getAttribute('aria-current') === 'page');
    expect(marked.map((link) => link.textContent)).toEqual([expect.stringContaining(current)]);
  });

  test('counts entities, new incidents, nodes and active jobs, with words for screen readers', async () => {
    openShell('/', { activeJobs: 1_200, incidents: { open: 5, unacknowledged: 3, revision: '' } });
    await navigation().findByText('1,200');
    expect(links().map((link) => link.textContent)).toEqual([
      'Entities1 total',
      'Problems',
      'Incidents3 new',
      'Nodes1 total',
      'Jobs1,200 active',
      'Audit',
    ]);
  });

  test('shows no count for jobs while none is active, and none for incidents while none is new', async () => {
    openShell('/', { incidents: { open: 2, unacknowledged: 0, revision: '' } });
    await navigation().findAllByText('1');
    expect(links().map((link) => link.textContent)).toEqual(expect.arrayContaining(['Jobs', 'Incidents']));
  });
});

describe('the breadcrumb', () => {
  test('of an entity leads back to all entities and names the entity as it is written', () => {
    openShell('/entities/caf%C3%A9');
    const crumbs = within(screen.getByRole('navigation', { name: 'Breadcrumb' }));
    expect(crumbs.getByRole('link', { name: 'Entities' }).getAttribute('href')).toBe('/');
    expect(crumbs.getByText('café').getAttribute('aria-current')).toBe('page');
  });

  test.each([
    { pathname: '/nodes', place: 'Nodes' },
    { pathname: '/jobs', place: 'Jobs' },
  ])('of $pathname is its name alone', ({ pathname, place }) => {
    openShell(pathname);
    expect(screen.queryByRole('navigation', { name: 'Breadcrumb' })).toBeNull();
    expect(within(screen.getByRole('banner')).getByText(place)).toBeInstanceOf(HTMLElement);
  });
});

describe('the leader note', () => {
  test('names the node that reads MongoDB and its epoch', async () => {
    openShell('/');
    expect((await screen.findByText('node-a')).parentElement?.textContent).toBe('Leader node-aepoch 4');
  });

  test('says what it means that there is no leader', async () => {
    openShell('/', { leader: null });
    expect(await screen.findByText('No leader. Changes in MongoDB are not being read.')).toBeInstanceOf(HTMLElement);
  });
});

test('the first Tab reaches a link that skips to the content', async () => {
  const { user } = openShell('/');
  await user.tab();
  expect(document.activeElement?.textContent).toBe('Skip to content');
  const target = document.activeElement?.getAttribute('href')?.slice(1) ?? '';
  expect(document.getElementById(target)).toBe(screen.getByRole('main'));
});
