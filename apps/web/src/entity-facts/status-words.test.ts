import { activities, healths } from '@emcachers/core/api-views';
import { describe, expect, test } from 'vitest';
import { sampleEntity, sampleNode } from '../../test/sample-entity.ts';
import { statusWords } from './status-words.ts';

const unfinished = { ...sampleEntity().scan, scanned: 62, estimated: 100, finishedAt: null };

describe('the status of an entity', () => {
  test('only a healthy live entity is green', () => {
    for (const activity of activities)
      for (const health of healths) {
        const { tone } = statusWords(sampleEntity({ activity, health }));
        expect({ activity, health, green: tone === 'ok' }).toEqual({
          activity,
          health,
          green: activity === 'live' && health === 'ok',
        });
      }
  });

  test('a scan shows its progress if the total is known', () => {
    expect(statusWords(sampleEntity({ activity: 'scanning', scan: unfinished })).words).toBe('Scanning 62 %');
    const blind = { ...unfinished, estimated: null };
    expect(statusWords(sampleEntity({ activity: 'scanning', scan: blind })).words).toBe('Scanning');
  });

  test('a live entity counts its unhealthy nodes, the worst kind first', () => {
    const behind = sampleNode({ health: 'degraded' });
    const nodes = [sampleNode(), behind, behind];
    expect(statusWords(sampleEntity({ health: 'degraded', nodes })).words).toBe('Live, 2 nodes behind');
    const broken = [...nodes, sampleNode({ health: 'failed' })];
    expect(statusWords(sampleEntity({ health: 'degraded', nodes: broken })).words).toBe('Live, 1 node failed');
  });

  test('a late report is unknown', () => {
    expect(statusWords(sampleEntity({ health: 'unknown' }))).toEqual({ tone: 'unknown', words: 'Live, unconfirmed' });
  });
});
