// @vitest-environment jsdom
import { act, fireEvent, screen } from '@testing-library/react';
import { afterEach, describe, expect, test } from 'vitest';
import { openConsole, pass } from '../../test/open-console.tsx';
import { sampleFleet } from '../../test/samples.ts';
import { LiveIndicator } from '../components/shell/live-indicator.tsx';
import { isTabPaused, keepTabPaused } from './paused-tab.ts';
import { useFleet } from './use-fleet.ts';

const fleet = sampleFleet();

/** What a page shows of the fleet. */
function Sentence() {
  return <p>{useFleet().fleet?.sentence ?? 'nothing yet'}</p>;
}

function openTab(pathname = '/') {
  const page = (
    <>
      <LiveIndicator />
      <Sentence />
    </>
  );
  return openConsole(page, { answers: { 'fleet.get': () => fleet }, pathname, hasFakeTimers: true });
}

const stateWords = () => screen.getByTestId('live-state').textContent;

async function setVisibility(state: 'hidden' | 'visible'): Promise<void> {
  Object.defineProperty(document, 'visibilityState', { configurable: true, value: state });
  await act(async () => {
    fireEvent(document, new Event('visibilitychange'));
  });
}

afterEach(() => {
  Reflect.deleteProperty(document, 'visibilityState');
});

describe('the subscription of a tab', () => {
  test('is closed 20 s after the tab was hidden, and opened again when the tab is shown', async () => {
    const { engine } = openTab();
    engine.push({ kind: 'fleet', fleet });
    await setVisibility('hidden');
    // The engine pushes every second, so the stream does not count as silent meanwhile.
    for (let second = 0; second < 19; second += 1) {
      await pass(1_000);
      engine.push({ kind: 'fleet', fleet });
    }
    expect(engine.openStreams()).toBe(1);
    await pass(1_100);
    expect(engine.openStreams()).toBe(0);
    expect(stateWords()).toBe('Paused');
    await setVisibility('visible');
    expect(engine.openStreams()).toBe(1);
  });

  test('counts as broken after 5 s without data, although the connection is open', async () => {
    const { engine } = openTab();
    engine.push({ kind: 'fleet', fleet });
    await pass(4_900);
    expect(stateWords()).toBe('Live');
    await pass(200);
    expect(stateWords()).toBe('Reconnecting');
  });

  test.each<[string, string[]]>([
    ['/entities/orders', ['orders']],
    ['/entities/my-orders', []],
    ['/entities/100%', []],
    ['/entities/new', []],
    ['/jobs', []],
  ])(
    'at %s watches the rows of %j, because the engine refuses a name that no entity can have',
    async (pathname, entityNames) => {
      const { engine } = openTab(pathname);
      await pass(50);
      const streams = engine.calls.filter(({ procedure }) => procedure === 'live.stream');
      expect(streams.map(({ input }) => input)).toEqual([{ entityNames }]);
    },
  );

  test('shows what the engine pushes', async () => {
    const { engine } = openTab();
    await pass(50);
    engine.push({ kind: 'fleet', fleet: sampleFleet({ sentence: '2 of 2 entities are live and fresh.' }) });
    await pass(50);
    expect(screen.getByText('2 of 2 entities are live and fresh.')).toBeInstanceOf(HTMLElement);
  });

  test('gives way to polling after four failures in a row, and takes over again after 20 s', async () => {
    const { engine } = openTab();
    await pass(50);
    const before = engine.inputsOf('fleet.get').length;
    for (const retryMs of [600, 1_100, 2_100, 100]) {
      engine.breakStream();
      await pass(retryMs);
    }
    expect(stateWords()).toBe('Polling every 4 s');
    await pass(12_100);
    expect(engine.inputsOf('fleet.get').length - before).toBe(3);
    await pass(8_000);
    expect(engine.openStreams()).toBe(1);
    engine.push({ kind: 'fleet', fleet });
    await pass(50);
    expect(stateWords()).toBe('Live');
  });

  test('is not opened by a tab that is opened in the background, until it is shown', async () => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, value: 'hidden' });
    const { engine } = openTab();
    await pass(50);
    expect(engine.openStreams()).toBe(0);
    await setVisibility('visible');
    expect(engine.openStreams()).toBe(1);
  });

  test('stays closed after a reload of a tab whose updates the operator had paused', async () => {
    keepTabPaused(true);
    const { engine } = openTab();
    await pass(50);
    expect(engine.openStreams()).toBe(0);
    expect(stateWords()).toBe('Paused');
    fireEvent.click(screen.getByRole('button', { name: 'Resume live updates' }));
    expect(engine.openStreams()).toBe(1);
    expect(isTabPaused()).toBe(false);
  });

  test('does not poll and does not move while updates are paused', async () => {
    const { engine } = openTab();
    engine.push({ kind: 'fleet', fleet });
    await pass(50);
    fireEvent.click(screen.getByRole('button', { name: 'Pause live updates' }));
    const before = engine.inputsOf('fleet.get').length;
    await pass(60_000);
    expect(engine.inputsOf('fleet.get')).toHaveLength(before);
    expect(engine.openStreams()).toBe(0);
  });
});
