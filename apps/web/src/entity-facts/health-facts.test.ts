import { describe, expect, test } from 'vitest';
import { sampleEntity, sampleNode } from '../../test/sample-entity.ts';
import { healthFacts } from './health-facts.ts';

const facts = (overrides: Parameters<typeof sampleEntity>[0]) =>
  Object.fromEntries(healthFacts(sampleEntity(overrides)).map(({ name, tone, evidence }) => [name, [tone, evidence]]));

describe('the health checks', () => {
  test('a healthy entity passes all of them', () => {
    const tones = healthFacts(sampleEntity({ nodes: [sampleNode()] })).map((fact) => fact.tone);
    expect(new Set(tones)).toEqual(new Set(['ok']));
  });

  test('the node that is behind is named with its lag', () => {
    const nodes = [sampleNode(), sampleNode({ nodeId: 'node-c', health: 'degraded', lagMs: 38_000 })];
    expect(facts({ nodes })['Nodes are up to date']).toEqual(['warn', 'node-c, 38 s']);
  });

  test('a silent node counts neither as reporting nor as up to date', () => {
    const silent = facts({ nodes: [sampleNode(), sampleNode({ health: 'unknown', nodeId: 'node-b' })] });
    expect(silent['Nodes report']).toEqual(['unknown', 'node-b silent']);
    expect(silent['Nodes are up to date']?.[0]).toBe('unknown');
    expect(facts({ nodes: [] })['Nodes report']).toEqual(['unknown', 'none yet']);
  });

  test('dead letters and type errors are separate checks', () => {
    const found = facts({ deadLetters: 1, coercionErrors: 1_200 });
    expect(found['Every document was copied']).toEqual(['warn', '1 dead letter']);
    expect(found['Every value fits its column']).toEqual(['warn', '1,200 refused since the last scan began']);
  });

  test('a path that met nothing is a check of its own', () => {
    expect(facts({ warnings: ['The path a met no value.'] })['Every path meets values']).toEqual([
      'warn',
      'The path a met no value.',
    ]);
  });

  test('a running scan is no failure, and one that has not started is unknown', () => {
    const scan = { ...sampleEntity().scan, finishedAt: null, scanned: 50, estimated: 100 };
    expect(facts({ activity: 'scanning', scan })['Scan is complete']).toEqual(['busy', '50 %']);
    const notBegun = { ...scan, startedAt: null };
    expect(facts({ activity: 'pending', scan: notBegun })['Scan is complete']).toEqual(['unknown', 'not started']);
  });
});
