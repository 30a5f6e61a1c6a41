// @vitest-environment jsdom
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { sampleFleet } from '../../../test/samples.ts';
import { LiveIndicator } from './live-indicator.tsx';

const fleet = sampleFleet();
const stateWords = () => screen.getByTestId('live-state').textContent;
const press = (name: string) => screen.getByRole('button', { name });

function openIndicator(pathname = '/') {
  return openConsole(<LiveIndicator />, { answers: { 'fleet.get': () => fleet }, pathname });
}

describe('the live indicator', () => {
  test('is “Connecting” until data arrives, then “Live”', async () => {
    const { engine } = openIndicator();
    expect(stateWords()).toBe('Connecting');
    engine.push({ kind: 'fleet', fleet });
    await waitFor(() => expect(stateWords()).toBe('Live'));
  });

  test('shows the growing age of figures that are not updated, and never calls them live', async () => {
    const { engine, setTime } = openIndicator();
    engine.push({ kind: 'fleet', fleet });
    await screen.findByText('· just now');
    engine.breakStream();
    setTime('2026-11-21T12:03:59.000Z');
    await screen.findByText('· 37 s ago');
    expect(stateWords()).toBe('Reconnecting');
  });

  test('a broken stream is opened again by itself', async () => {
    const { engine } = openIndicator();
    engine.push({ kind: 'fleet', fleet });
    engine.breakStream();
    expect(engine.openStreams()).toBe(0);
    await waitFor(() => expect(engine.openStreams()).toBe(1));
    engine.push({ kind: 'fleet', fleet });
    await waitFor(() => expect(stateWords()).toBe('Live'));
  });

  test('pausing closes the stream, and resuming opens it again', async () => {
    const { engine, user } = openIndicator();
    engine.push({ kind: 'fleet', fleet });
    await user.click(press('Pause live updates'));
    expect(stateWords()).toBe('Paused');
    expect(engine.openStreams()).toBe(0);
    await user.click(press('Resume live updates'));
    expect(engine.openStreams()).toBe(1);
    engine.push({ kind: 'fleet', fleet });
    await waitFor(() => expect(stateWords()).toBe('Live'));
  });

  test('a tab that is hidden for a moment keeps its stream', async () => {
    const { engine } = openIndicator();
    engine.push({ kind: 'fleet', fleet });
    act(() => {
      fireEvent(document, new Event('visibilitychange'));
    });
    expect(engine.openStreams()).toBe(1);
  });
});

describe('the live stream', () => {
  test('of an entity’s page watches the rows of that entity', () => {
    const { engine } = openIndicator('/entities/orders');
    expect(engine.calls.filter(({ procedure }) => procedure === 'live.stream')).toEqual([
      { procedure: 'live.stream', input: { entityNames: ['orders'] } },
    ]);
  });

  test('of the form watches no rows', () => {
    const { engine } = openIndicator('/entities/new');
    expect(engine.calls.find(({ procedure }) => procedure === 'live.stream')?.input).toEqual({
      entityNames: [],
    });
  });

  test('announces a change of health to screen readers, and no figures', async () => {
    const { engine } = openIndicator();
    engine.push({ kind: 'fleet', fleet });
    engine.push({ kind: 'fleet', fleet: sampleFleet({ entities: [sampleEntity({ documents: 5 })] }) });
    engine.push({ kind: 'fleet', fleet: sampleFleet({ entities: [sampleEntity({ health: 'degraded' })] }) });
    expect(await screen.findByText('orders: degraded.')).toBeInstanceOf(HTMLElement);
  });
});
