import { describe, expect, test } from 'vitest';
import type { RowVerdict, ShownRow, SourceSide } from './row-explanation.ts';
import { judgeRow, type NodeAnswer, type RowFacts } from './row-verdict.ts';

const row = (...cells: string[]): ShownRow => ({ cells, cut: [], digests: cells.map((cell) => `#${cell}`) });
const source = (state: SourceSide['state'], shown: ShownRow | null = null): SourceSide => ({
  ...{ state, row: shown },
  reason: state === 'unknown' || state === 'refused' ? 'Because.' : null,
});
const node = (offset: number, shown: ShownRow | null, nodeId = 'n1'): NodeAnswer => ({
  ...{ nodeId, reason: null },
  cache: { offset, row: shown },
});

const good: RowFacts = {
  columns: ['a', 'b'],
  masked: [],
  source: source('found', row('1', '2')),
  isPassed: true,
  isScanned: false,
  isPaused: false,
  failure: null,
  newest: { id: 7, row: row('1', '2') },
  deadLetter: null,
  nodes: [node(7, row('1', '2'))],
};
const changed = source('found', row('1', '3'));
const letter = { errorCode: 'EMC-6001', error: 'Too large.', attempts: 1 };

const table: [string, Partial<RowFacts>, RowVerdict, string][] = [
  ['everything agrees', {}, 'fresh', 'none'],
  ['the file is ahead of the entry', { nodes: [node(9, row('1', '2'))] }, 'fresh', 'none'],
  [
    'MongoDB does not have it, and nobody else',
    { source: source('absent'), newest: null, nodes: [node(7, null)] },
    'fresh',
    'none',
  ],
  [
    'it was deleted',
    { source: source('absent'), newest: { id: 8, row: null }, nodes: [node(8, null)] },
    'fresh',
    'none',
  ],
  ['a column is masked', { masked: ['b'] }, 'masked', 'none'],
  [
    'the filter keeps it out',
    { source: source('outside'), newest: null, nodes: [node(7, null)] },
    'filtered-out',
    'none',
  ],
  ['the stream has not passed the change', { source: changed, isPassed: false }, 'in-flight', 'wait'],
  ['a scan goes on', { source: changed, isScanned: true }, 'staged-by-scan', 'wait'],
  ['the change was never delivered', { source: changed }, 'source-changed-without-event', 'refreshDocuments'],
  [
    'an insert was never delivered',
    { newest: null, nodes: [node(7, null)] },
    'source-changed-without-event',
    'refreshDocuments',
  ],
  ['a deletion was never delivered', { source: source('absent') }, 'source-changed-without-event', 'refreshDocuments'],
  ['the entity failed', { source: changed, failure: 'A view.' }, 'source-changed-without-event', 'none'],
  ['the document is refused', { source: source('refused'), deadLetter: letter }, 'dead-lettered', 'retry'],
  ['its dead letter was pruned', { source: source('refused') }, 'dead-lettered', 'refreshDocuments'],
  ['it was corrected after it was refused', { deadLetter: letter }, 'dead-lettered', 'retry'],
  ['the refused change is still on its way', { source: source('refused'), isPassed: false }, 'in-flight', 'wait'],
  ['a node has not applied the entry', { nodes: [node(6, row('1', '1'))] }, 'cache-behind', 'wait'],
  ['the entity is paused', { nodes: [node(6, row('1', '1'))], isPaused: true }, 'cache-behind', 'resume'],
  ['a node applied the entry and has another row', { nodes: [node(7, row('1', '1'))] }, 'cache-wrong', 'repair'],
  ['a node lost the row', { nodes: [node(7, null)] }, 'cache-wrong', 'repair'],
  [
    'a node has a row that was deleted',
    { source: source('absent'), newest: { id: 7, row: null } },
    'cache-wrong',
    'repair',
  ],
  [
    'of two nodes the worse one decides',
    { nodes: [node(6, null, 'n1'), node(7, row('1', '1'), 'n2')] },
    'cache-wrong',
    'repair',
  ],
  ['a node did not answer', { nodes: [{ nodeId: 'n1', cache: null, reason: null }] }, 'unknown', 'wait'],
  ['a node has no cache yet', { nodes: [{ nodeId: 'n1', cache: null, reason: 'It is built.' }] }, 'unknown', 'wait'],
  ['nobody has a cache', { nodes: [] }, 'unknown', 'wait'],
  ['MongoDB does not answer', { source: source('unknown') }, 'unknown', 'wait'],
  [
    'MongoDB does not answer, and a cache is wrong',
    { source: source('unknown'), nodes: [node(7, null)] },
    'cache-wrong',
    'repair',
  ],
];

describe('the verdict of a row', () => {
  test.each(table)('%s', (...[, change, verdict, action]) => {
    const judged = judgeRow({ ...good, ...change });
    expect(judged).toMatchObject({ verdict, action });
    expect(judged.reason).toMatch(/\.$/);
    expect(judged.nextStep).toMatch(/\.$/);
  });

  test('names the columns that differ, at the source and on each node', () => {
    const judged = judgeRow({ ...good, source: changed, nodes: [node(7, row('0', '2'))] });
    expect(judged.differing).toEqual(['b']);
    expect(judged.nodes).toMatchObject([{ nodeId: 'n1', state: 'wrong', differing: ['a'] }]);
  });

  test('does not call columns different when the source could not be read', () => {
    expect(judgeRow({ ...good, source: source('unknown') }).differing).toEqual([]);
  });
});
