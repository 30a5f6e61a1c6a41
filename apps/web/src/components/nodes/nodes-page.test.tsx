// @vitest-environment jsdom
import type { NodeView } from '@emcachers/core/api-views';
import { screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { heldAnswer, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity, sampleNode } from '../../../test/sample-entity.ts';
import { sampleFleet, sampleNodeView } from '../../../test/samples.ts';
import { NodesPage } from './nodes-page.tsx';

const second = sampleNodeView({ nodeId: 'node-b', isLeader: false, roles: ['consumer'] });

function openNodes(nodes: readonly NodeView[]) {
  const caches = [sampleNode({ fileBytes: 4_000_000, lagEntries: 7 })];
  const fleet = sampleFleet({ nodes: [...nodes], entities: [sampleEntity({ nodes: caches })] });
  return openConsole(<NodesPage />, { answers: { 'fleet.get': () => fleet }, pathname: '/nodes' });
}

const rowOf = async (nodeId: string) => within((await screen.findByText(nodeId)).closest('tr') ?? document.body);
const heading = (name: string) => screen.findByRole('heading', { level: 1, name });

describe('the nodes page', () => {
  test('shows who leads, what each node does and what it stores', async () => {
    openNodes([sampleNodeView(), second]);
    const leader = await rowOf('node-a');
    expect(leader.getByText('leader')).toBeInstanceOf(HTMLElement);
    expect(leader.getByText('producer, consumer')).toBeInstanceOf(HTMLElement);
    expect(leader.getByText('Healthy')).toBeInstanceOf(HTMLElement);
    expect(
      leader
        .getAllByRole('cell')
        .map((cell) => cell.textContent)
        .slice(3),
    ).toEqual(['1', '4 MB', '7', '3 h 3 min', '2.0 s ago']);
    const follower = await rowOf('node-b');
    expect(follower.queryByText('leader')).toBeNull();
    expect(follower.getAllByText('—')).toHaveLength(2);
  });

  test.each([
    { healths: ['ok'], words: 'The node is healthy.' },
    { healths: ['ok', 'ok'], words: 'All 2 nodes are healthy.' },
    { healths: ['ok', 'unknown'], words: '1 of 2 nodes is healthy.' },
    { healths: [], words: 'No node has reported yet.' },
  ] as const)('says “$words”', async ({ healths, words }) => {
    openNodes(healths.map((health, index) => sampleNodeView({ nodeId: `node-${index}`, health })));
    expect(await heading(words)).toBeInstanceOf(HTMLElement);
  });

  test('shows a node without a recent report as unknown', async () => {
    openNodes([sampleNodeView({ health: 'unknown' })]);
    expect((await rowOf('node-a')).getByText('Unknown')).toBeInstanceOf(HTMLElement);
  });

  test('shows a node that stopped in good order with its time, and does not count it', async () => {
    openNodes([sampleNodeView(), sampleNodeView({ nodeId: 'node-b', leftAt: '2026-11-21T12:03:00.000Z' })]);
    expect(await heading('The node is healthy.')).toBeInstanceOf(HTMLElement);
    expect((await rowOf('node-b')).getByText(/^Stopped/)).toBeInstanceOf(HTMLElement);
  });

  test('shows placeholders until the first answer', () => {
    const answer = heldAnswer<ReturnType<typeof sampleFleet>>();
    openConsole(<NodesPage />, { answers: { 'fleet.get': () => answer.promise } });
    expect(screen.getByRole('table', { name: 'Nodes' }).getAttribute('aria-busy')).toBe('true');
  });

  test('without an answer shows the error and no empty table', async () => {
    const away = refusal({ code: 'EMC-5008', detail: 'The engine does not answer.' });
    openConsole(<NodesPage />, {
      answers: {
        'fleet.get': () => {
          throw away;
        },
      },
    });
    expect(await screen.findByText('Could not list the nodes.')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByRole('table')).toBeNull();
  });
});
