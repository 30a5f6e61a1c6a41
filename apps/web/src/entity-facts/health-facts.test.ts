import { describe, expect, test } from 'vitest';
import { healthFacts } from './health-facts.ts';
import { sampleEntity, sampleNode } from './sample-entity.ts';

const facts = (overrides: Parameters<typeof sampleEntity>[0]) =>
  Object.fromEntries(healthFacts(sampleEntity(overrides)).map(({ name, tone, evidence }) => [name, [tone, evidence]]));

describe('the facts behind health', () => {
  test('a well entity passes all of them', () => {
    const tones = healthFacts(sampleEntity({ nodes: [sampleNode()] })).map((fact) => fact.tone);
    expect(new Set(tones)).toEqual(new Set(['ok']));
  });

  test('the node that is behind is named with its lag', () => {
    const nodes = [sampleNode(), sampleNode({ nodeId: 'node-c', health: 'degraded', lagMs: 38_000 })];
    expect(facts({ nodes })['Nodes are level']).toEqual(['warn', 'node-c, 38 s']);
  });

  test('nothing is called level or reporting while a node is silent', () => {
    const silent = facts({ nodes: [sampleNode(), sampleNode({ health: 'unknown', nodeId: 'node-b' })] });
    expect(silent['Nodes report']).toEqual(['unknown', 'node-b silent']);
    expect(silent['Nodes are level']?.[0]).toBe('unknown');
    expect(facts({ nodes: [] })['Nodes report']).toEqual(['unknown', 'none yet']);
  });

  test('dead letters and refused values are told apart', () => {
    const found = facts({ deadLetters: 1, coercionErrors: 1_200 });
    expect(found['Every document could be copied']).toEqual(['warn', '1 dead letter']);
    expect(found['Every value fits its column']).toEqual(['warn', '1,200 left NULL']);
  });

  test('a scan that runs is no failure, and one that has not begun is unknown', () => {
    const scan = { ...sampleEntity().scan, finishedAt: null, scanned: 50, estimated: 100 };
    expect(facts({ activity: 'scanning', scan })['Whole collection read']).toEqual(['busy', '50 %']);
    const notBegun = { ...scan, startedAt: null };
    expect(facts({ activity: 'pending', scan: notBegun })['Whole collection read']).toEqual(['unknown', 'not begun']);
  });
});
