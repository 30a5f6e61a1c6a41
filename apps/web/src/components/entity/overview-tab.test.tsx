// @vitest-environment jsdom
import type { EntityView } from '@emcachers/core/api-views';
import { fireEvent, screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity, sampleNode } from '../../../test/sample-entity.ts';
import { OverviewTab } from './overview-tab.tsx';

const scanning = {
  activity: 'scanning',
  since: '2026-11-21T12:03:10.000Z',
  documents: null,
  freshAsOf: null,
  scan: {
    scanned: 500,
    estimated: 2_000,
    ratePerSecond: 100,
    startedAt: '2026-11-21T12:03:10.000Z',
    finishedAt: null,
    staged: 3,
  },
} as const;

function openOverview(overrides: Partial<EntityView> = {}) {
  return openConsole(<OverviewTab entity={sampleEntity(overrides)} />, { pathname: '/entities/orders' });
}

const steps = () => within(screen.getByRole('list', { name: 'Progress to live' })).getAllByRole('listitem');
const stepWords = () => steps().map((step) => step.textContent);
const health = () => within(screen.getByRole('region', { name: 'Health' }));

describe('the life stepper', () => {
  test('shows a live entity as done up to its last step', () => {
    openOverview();
    expect(stepWords()).toEqual([
      'Pending, done Nov 18, 09:02:00',
      'Scanning, done 11 min, 1,000 documents',
      'Catching up, done ',
      'Live, in progress for 3 d 2 h',
    ]);
    expect(steps().map((step) => step.getAttribute('aria-current'))).toEqual([null, null, null, 'step']);
  });

  test('shows how long the current step takes, and that later steps have not started', () => {
    openOverview(scanning);
    expect(stepWords()).toEqual([
      'Pending, done Nov 18, 09:02:00',
      'Scanning, in progress for 12 s',
      'Catching up, not started ',
      'Live, not started ',
    ]);
  });

  test('shows at which step a failed entity stopped, and marks no step as current', () => {
    openOverview({ ...scanning, activity: 'failed', health: 'failed' });
    expect(stepWords()[1]).toBe('Scanning, stopped here failed');
    expect(steps().some((step) => step.hasAttribute('aria-current'))).toBe(false);
  });
});

describe('the scan card', () => {
  test('shows progress, rate, time left and staged changes', () => {
    openOverview(scanning);
    const bar = screen.getByRole('progressbar', { name: 'Scan of shop.orders' });
    expect(bar.getAttribute('aria-valuenow')).toBe('25');
    expect(bar.getAttribute('aria-valuetext')).toBe('25 %, about 15 s left');
    expect(bar.parentElement?.textContent).toContain('500 of ~2,000 documents · 100 /s · 3 live changes staged');
    expect(screen.getByText(/They never see a partial copy/)).toBeInstanceOf(HTMLElement);
  });

  test('shows only the counter if the total is unknown', () => {
    openOverview({ ...scanning, scan: { ...scanning.scan, estimated: null } });
    const bar = screen.getByRole('progressbar');
    expect(bar.hasAttribute('aria-valuenow')).toBe(false);
    expect(bar.getAttribute('aria-valuetext')).toBe('500 documents');
  });

  test('of a refresh says that readers see the previous version', () => {
    openOverview({ ...scanning, documents: 900 });
    expect(
      screen.getByText('Readers see the rows of the previous version until this scan is complete.'),
    ).toBeInstanceOf(HTMLElement);
  });

  test('of a finished scan names no time left', () => {
    openOverview({
      ...scanning,
      activity: 'catching-up',
      scan: { ...scanning.scan, finishedAt: '2026-11-21T12:03:15.000Z' },
    });
    expect(screen.getByRole('progressbar').getAttribute('aria-valuetext')).toBe('100 %');
    expect(screen.queryByText(/left/)).toBeNull();
  });

  test('of a first scan does not speak of a version before it, although rows are counted already', () => {
    openOverview({ ...scanning, version: 1, documents: 0 });
    expect(screen.queryByText(/previous version/)).toBeNull();
  });

  test('is not shown for a live entity', () => {
    openOverview();
    expect(screen.queryByRole('progressbar')).toBeNull();
  });
});

describe('the health card', () => {
  test('counts the checks that passed and reads each result to screen readers', () => {
    openOverview({ nodes: [sampleNode()] });
    expect(health().getByText('6 of 6 checks passed')).toBeInstanceOf(HTMLElement);
    expect(health().getAllByText(/: passed$/)).toHaveLength(6);
  });

  test('names the node that is behind and its lag', () => {
    openOverview({ health: 'degraded', nodes: [sampleNode({ health: 'degraded', lagEntries: 40, lagMs: 38_000 })] });
    expect(health().getByText('5 of 6 checks passed')).toBeInstanceOf(HTMLElement);
    expect(health().getByText('node-a, 38 s')).toBeInstanceOf(HTMLElement);
    expect(health().getByText(': warning')).toBeInstanceOf(HTMLElement);
  });

  test('shows type errors and dead letters as warnings with their number', () => {
    openOverview({ nodes: [sampleNode()], deadLetters: 2, coercionErrors: 1_200 });
    expect(health().getByText('2 dead letters')).toBeInstanceOf(HTMLElement);
    expect(health().getByText('1,200 refused since the last scan began')).toBeInstanceOf(HTMLElement);
    expect(health().getByText('4 of 6 checks passed')).toBeInstanceOf(HTMLElement);
  });
});

describe('the figures of the overview', () => {
  test('show unknown values as a dash, never as zero', () => {
    openOverview({ freshAsOf: null, lagEntries: null, lagMs: null, documents: null });
    expect(screen.getAllByText('—')).toHaveLength(3);
    expect(screen.getByText('Available when the first scan is complete.')).toBeInstanceOf(HTMLElement);
  });

  test('show lag with its time, and the position in the oplog', () => {
    openOverview({ lagEntries: 1, lagMs: 420, offset: 499, head: 500 });
    expect(screen.getByText('entry · 420 ms')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('offset 499, newest entry 500')).toBeInstanceOf(HTMLElement);
  });

  test('show the time of the data without milliseconds, which MongoDB does not give', () => {
    openOverview({ freshAsOf: '2026-11-21T12:03:21.000Z' });
    const [time] = screen.getAllByText('12:03:21');
    expect(time?.getAttribute('title')).not.toContain('.000');
  });

  test('show the time since MongoDB last answered although no entry waits', () => {
    openOverview({ lagEntries: 0, lagMs: 38_000, lagByHop: { captureMs: 38_000, applyMs: 0 } });
    expect(screen.getByText('entries · 38 s')).toBeInstanceOf(HTMLElement);
  });

  test('show a cache without lag as up to date', () => {
    openOverview();
    expect(screen.getByText('up to date at offset 500')).toBeInstanceOf(HTMLElement);
  });
});

describe('the nodes card', () => {
  test('shows each cache, and the error of a failed one below its row', () => {
    const broken = sampleNode({
      nodeId: 'node-b',
      health: 'failed',
      error: 'The disk is full.',
      errorCode: 'EMC-4001',
    });
    openOverview({ nodes: [sampleNode(), broken] });
    const table = within(screen.getByRole('table', { name: 'Caches of orders by node' }));
    expect(table.getByText('Up to date')).toBeInstanceOf(HTMLElement);
    expect(table.getAllByText('4.1 kB · g1')).toHaveLength(2);
    expect(table.getByText('The disk is full.').textContent).toContain('EMC-4001');
  });

  test('shows no cache ahead of the newest entry of its entity', () => {
    openOverview({ head: 5_184, nodes: [sampleNode({ offset: 5_451 })] });
    const table = within(screen.getByRole('table', { name: 'Caches of orders by node' }));
    expect(table.queryByText('5,451')).toBeNull();
    expect(table.getByTitle('Has read the oplog of all entities up to 5,451').textContent).toBe('5,184 of 5,184');
  });

  test('explains why there is no cache yet', () => {
    openOverview({ nodes: [] });
    expect(screen.getByText(/No node has a cache of this entity yet/)).toBeInstanceOf(HTMLElement);
  });
});

describe('the chart of changes', () => {
  test('has its range as text', () => {
    openOverview({ rateHistory: [0, 20, 5], ratePerSecond: 5 });
    const chart = screen.getByRole('img', { name: /Changes applied per second/ });
    expect(chart.getAttribute('aria-label')).toBe(
      'Changes applied per second in the last 15 s: now 5, minimum 0, maximum 20.',
    );
    expect(screen.getByText('maximum 20 /s')).toBeInstanceOf(HTMLElement);
  });

  test('has no maximum below the rate that is shown as now', () => {
    openOverview({ rateHistory: [0, 240, 200], ratePerSecond: 526 });
    expect(screen.getByText('526 /s now')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('maximum 526 /s')).toBeInstanceOf(HTMLElement);
  });

  test('shows the point under the pointer until the pointer leaves', () => {
    openOverview({ rateHistory: [0, 20, 5] });
    const area = screen.getByRole('img', { name: /Changes applied/ }).parentElement ?? document.body;
    area.getBoundingClientRect = () => new DOMRect(0, 0, 100, 50);
    fireEvent.pointerMove(area, { clientX: 50 });
    expect(screen.getByText('20 /s, 5.0 s ago')).toBeInstanceOf(HTMLElement);
    fireEvent.pointerLeave(area);
    expect(screen.getByText('maximum 20 /s')).toBeInstanceOf(HTMLElement);
  });

  test('without two points says that there are no changes yet', () => {
    openOverview({ rateHistory: [3] });
    expect(screen.getByText('No changes yet.')).toBeInstanceOf(HTMLElement);
  });
});

describe('the cache file', () => {
  test('is shown with a command that reads it, and copied with one click', async () => {
    const { user } = openOverview();
    expect(screen.getByText('/data/dbs/orders/db.sqlite')).toBeInstanceOf(HTMLElement);
    await user.click(screen.getByRole('button', { name: 'Copy the command' }));
    expect(await screen.findByText('Copied')).toBeInstanceOf(HTMLElement);
    expect(await navigator.clipboard.readText()).toBe(
      `sqlite3 -readonly "/data/dbs/orders/db.sqlite" 'SELECT * FROM orders LIMIT 10'`,
    );
  });

  test('that cannot be copied says so', async () => {
    const { user } = openOverview();
    navigator.clipboard.writeText = async () => {
      throw new Error('denied');
    };
    await user.click(screen.getByRole('button', { name: 'Copy the path' }));
    expect(await screen.findByText('Could not copy. Select the text and copy it.')).toBeInstanceOf(HTMLElement);
  });

  test('is not shown on a node without a cache', () => {
    openOverview({ cachePath: null });
    expect(screen.queryByRole('region', { name: 'Read the cache' })).toBeNull();
  });
});
