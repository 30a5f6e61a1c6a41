// @vitest-environment jsdom
import { waitFor } from '@testing-library/react';
import { beforeEach, describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleFleet } from '../../../test/samples.ts';
import { TabStatus } from './tab-status.tsx';

const icon = () => document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.href ?? '';

beforeEach(() => {
  document.head.innerHTML = '<title>Entities · EMCachers</title><link rel="icon" href="/icon.svg">';
});

describe('the tab', () => {
  test('of a well fleet has the plain title', async () => {
    openConsole(<TabStatus />);
    await waitFor(() => expect(icon()).toContain('0f6e56'));
    expect(document.title).toBe('Entities · EMCachers');
  });

  test('of a degraded fleet is marked, also after a navigation has written another title', async () => {
    openConsole(<TabStatus />, { answers: { 'fleet.get': () => sampleFleet({ health: 'degraded' }) } });
    await waitFor(() => expect(document.title).toBe('⚠ Entities · EMCachers'));
    document.title = 'Nodes · EMCachers';
    await waitFor(() => expect(document.title).toBe('⚠ Nodes · EMCachers'));
  });

  test('is marked as unknown once its facts are old, with the headline', async () => {
    const { setTime } = openConsole(<TabStatus />);
    await waitFor(() => expect(icon()).toContain('0f6e56'));
    setTime('2026-11-21T12:03:28.000Z');
    await waitFor(() => expect(document.title).toBe('? Entities · EMCachers'));
    expect(icon()).toContain('70706a');
  });
});
