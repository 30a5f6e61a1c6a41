import { activities } from '@emcachers/core/api-views';
import { describe, expect, test } from 'vitest';
import { sampleEntity } from '../../test/sample-entity.ts';
import { lifeSteps } from './life-steps.ts';

const { scan } = sampleEntity();

describe('the progress of an entity to live', () => {
  test('has exactly one current step; all before it are done and none after it', () => {
    for (const activity of activities) {
      const steps = lifeSteps({ activity, scan });
      const present = steps.findIndex((step) => step === 'current' || step === 'stopped');
      expect(steps.slice(0, present).every((step) => step === 'done')).toBe(true);
      expect(steps.slice(present + 1).every((step) => step === 'next')).toBe(true);
      expect(present).toBeGreaterThanOrEqual(0);
    }
  });

  test('an entity that stopped during its scan is shown there', () => {
    const unfinished = { ...scan, finishedAt: null };
    expect(lifeSteps({ activity: 'failed', scan: unfinished })).toEqual(['done', 'stopped', 'next', 'next']);
    expect(lifeSteps({ activity: 'paused', scan: { ...unfinished, startedAt: null } })[0]).toBe('stopped');
    expect(lifeSteps({ activity: 'paused', scan })[3]).toBe('stopped');
  });
});
