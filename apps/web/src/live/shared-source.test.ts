import type { FleetView } from '@emcachers/core/api-views';
import { differenceOf } from '@emcachers/core/json-difference';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sampleFleet } from '../../test/samples.ts';
import type { LiveMessage } from '../trpc/live-message.ts';
import { createFleetAssembler } from './fleet-assembler.ts';
import type { LiveListener } from './live-source.ts';
import { createSharedSource } from './shared-source.ts';

interface OpenedStream {
  readonly entityNames: readonly string[];
  readonly listener: LiveListener;
}

/** Tabs of one browser, with its real locks and channels, and the streams that they open. */
function openBrowser() {
  const streams = new Set<OpenedStream>();
  const channelName = `test-${crypto.randomUUID()}`;
  let opened = 0;
  const { locks } = navigator;
  const openTab = (entityName: string | null = null) => {
    const assembler = createFleetAssembler();
    const shown: FleetView[] = [];
    const rows: string[] = [];
    const failures: number[] = [];
    const source = createSharedSource(
      { locks, openChannel: () => new BroadcastChannel(channelName), tabId: crypto.randomUUID() },
      (entityNames, listener) => {
        opened += 1;
        const stream = { entityNames, listener };
        streams.add(stream);
        return () => streams.delete(stream);
      },
    );
    const leave = source.subscribe(entityName, {
      onMessage: (message) => {
        const news = assembler.take(message);
        if (news?.kind === 'fleet') shown.push(news.fleet);
        if (news?.kind === 'rows-changed') rows.push(news.entityName);
      },
      onFailed: () => failures.push(1),
    });
    let isOpen = true;
    const close = () => {
      if (isOpen) leave();
      isOpen = false;
    };
    onTestFinished(close);
    return { leave: close, rows, failures, sentence: () => shown.at(-1)?.sentence ?? null };
  };
  const push = (message: LiveMessage): void => {
    for (const { listener } of streams) listener.onMessage(message);
  };
  return { openTab, push, streams, opened: () => opened, only: () => [...streams][0] };
}

const view = (sentence: string, at = '2026-11-21T12:03:22.000Z') => sampleFleet({ sentence, at });
const eventually = (check: () => void) => vi.waitFor(check, { timeout: 10_000, interval: 10 });

describe('the stream that all tabs share', () => {
  test('is opened once for ten tabs, and all of them show what it brings', async () => {
    const browser = openBrowser();
    const tabs = Array.from({ length: 10 }, () => browser.openTab());
    await eventually(() => expect(browser.streams.size).toBe(1));
    browser.push({ kind: 'fleet', fleet: view('first') });
    await eventually(() => expect(tabs.map((tab) => tab.sentence())).toEqual(tabs.map(() => 'first')));
    expect(browser.opened()).toBe(1);
  });

  test('is opened at once by another tab when the tab that has it is closed', async () => {
    const browser = openBrowser();
    const first = browser.openTab();
    await eventually(() => expect(browser.streams.size).toBe(1));
    const second = browser.openTab();
    first.leave();
    await eventually(() => expect(browser.opened()).toBe(2));
    expect(browser.streams.size).toBe(1);
    browser.push({ kind: 'fleet', fleet: view('from the second') });
    await eventually(() => expect(second.sentence()).toBe('from the second'));
  });

  test('gives a tab that comes later the whole view, and then the same changes as all', async () => {
    const browser = openBrowser();
    browser.openTab();
    await eventually(() => expect(browser.streams.size).toBe(1));
    const before = view('first');
    browser.push({ kind: 'fleet', fleet: before });
    const late = browser.openTab();
    await eventually(() => expect(late.sentence()).toBe('first'));
    const changes = differenceOf(before, view('second', '2026-11-21T12:03:23.000Z'));
    if (changes === null) throw new Error('The views differ.');
    browser.push({ kind: 'fleet-changes', from: before.at, changes });
    await eventually(() => expect(late.sentence()).toBe('second'));
  });

  test('watches the rows of every entity that a tab shows', async () => {
    const browser = openBrowser();
    const orders = browser.openTab('orders');
    await eventually(() => expect(browser.only()?.entityNames).toEqual(['orders']));
    const users = browser.openTab('users');
    await eventually(() => expect(browser.only()?.entityNames).toEqual(['orders', 'users']));
    browser.push({ kind: 'rows-changed', entityName: 'users', offset: 3 });
    await eventually(() => expect(users.rows).toEqual(['users']));
    expect(orders.rows).toEqual(['users']);
  });

  test('tells every tab when it breaks', async () => {
    const browser = openBrowser();
    const tabs = [browser.openTab(), browser.openTab()];
    await eventually(() => expect(browser.streams.size).toBe(1));
    await eventually(() => {
      browser.only()?.listener.onFailed();
      expect(tabs.map((tab) => tab.failures.length > 0)).toEqual([true, true]);
    });
  });

  test('is taken over from a tab that stands still', async () => {
    const browser = openBrowser();
    const frozen = browser.openTab();
    await eventually(() => expect(browser.streams.size).toBe(1));
    browser.push({ kind: 'fleet', fleet: view('before') });
    const second = browser.openTab();
    // Nothing is pushed any more: to the second tab this is a first one that does not run.
    await eventually(() => expect(browser.opened()).toBe(2));
    expect(browser.streams.size).toBe(1);
    browser.push({ kind: 'fleet', fleet: view('after') });
    await eventually(() => expect(second.sentence()).toBe('after'));
    expect(frozen.sentence()).not.toBeNull();
  });
});
