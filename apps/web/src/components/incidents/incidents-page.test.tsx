// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleFleet } from '../../../test/samples.ts';
import type { Incident } from './incident-facts.ts';
import { IncidentsPage } from './incidents-page.tsx';

const away: Incident = {
  id: 7,
  subject: { kind: 'node', name: 'n1' },
  errorCode: 'EMC-4002',
  title: 'The disk is full',
  detail: 'orders: no space is left.',
  nextStep: 'Free disk space.',
  openedAt: '2026-11-21T11:00:00.000Z',
  lastSeenAt: '2026-11-21T12:03:20.000Z',
  closedAt: null,
  acknowledgedAt: null,
  acknowledgedBy: null,
  entities: ['a', 'b', 'c', 'd', 'e', 'f'],
  entityCount: 50,
  nodes: ['n1'],
  times: 2,
};
const known = { ...away, acknowledgedAt: '2026-11-21T12:03:21.000Z', acknowledgedBy: 'api' };
const counts = (unacknowledged: number, revision: string) =>
  sampleFleet({ incidents: { open: 1, unacknowledged, revision } });

test('shows the cause, who suffers and the next step, and acknowledges', async () => {
  let listed: readonly Incident[] = [away];
  const { engine, user } = openConsole(<IncidentsPage />, {
    answers: {
      'fleet.get': () => counts(1, 'a'),
      'incidents.list': () => ({ entries: [...listed], next: null }),
      'incidents.acknowledge': () => {
        listed = [known];
        return known;
      },
    },
  });
  await screen.findByRole('heading', { level: 1, name: '1 incident open, 1 new.' });
  const table = within(await screen.findByRole('table', { name: 'Open incidents' }));
  expect((await table.findByRole('link', { name: 'Node n1' })).getAttribute('href')).toBe('/nodes');
  expect(table.getByRole('link', { name: 'a' }).getAttribute('href')).toBe('/entities/a');
  // The row below the incident's own has its details.
  const details = table.getByRole('row', { name: /The disk is full/ }).nextElementSibling?.textContent;
  for (const text of ['orders: no space is left.', 'Free disk space.', 'and 45 more', 'It came back: opened 2 times.'])
    expect(details).toContain(text);
  await user.click(table.getByRole('button', { name: 'Acknowledge: The disk is full, Node n1' }));
  await table.findByText('Acknowledged');
  expect(engine.inputsOf('incidents.acknowledge')).toEqual([{ incidentId: 7 }]);
  expect(table.queryByRole('button')).toBeNull();
});

test('lists closed incidents on request, and lists again when one was opened or closed', async () => {
  const { engine, user, search } = openConsole(<IncidentsPage />, {
    answers: {
      'fleet.get': () => counts(0, 'a'),
      'incidents.list': ({ state }) => ({ entries: state === 'closed' ? [known] : [], next: null }),
    },
  });
  await screen.findByText('Nothing to do.');
  engine.push({ kind: 'fleet', fleet: counts(0, 'a') });
  const before = engine.inputsOf('incidents.list').length;
  engine.push({ kind: 'fleet', fleet: counts(0, 'b') });
  await expect.poll(() => engine.inputsOf('incidents.list').length).toBe(before + 1);
  await user.click(screen.getByRole('button', { name: 'Closed' }));
  await screen.findByText('The disk is full');
  expect(search()).toBe('?state=closed');
});
