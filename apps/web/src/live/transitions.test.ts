import type { EntityView, FleetView } from '@emcachers/core/api-views';
import { describe, expect, test } from 'vitest';
import { sampleEntity } from '../../test/sample-entity.ts';
import { announceTransitions } from './transitions.ts';

const fleet = (...entities: EntityView[]): FleetView => ({
  health: 'ok',
  sentence: '',
  detail: '',
  stages: [],
  sourceOplog: { level: 'unknown', windowMs: null, behindMs: null, headroomMs: null, reason: null },
  entities,
  nodes: [],
  leader: null,
  streams: [],
  activeJobs: 0,
  jobsRevision: '',
  incidents: { open: 0, unacknowledged: 0, revision: '' },
  at: '2026-11-21T12:03:21.000Z',
});

describe('what is announced', () => {
  test('figures are not', () => {
    const before = fleet(sampleEntity({ documents: 1, lagEntries: 0 }));
    expect(announceTransitions(before, fleet(sampleEntity({ documents: 2, lagEntries: 9 })))).toBeNull();
  });

  test('a change of activity, of health, a new and a deleted entity are', () => {
    const before = fleet(sampleEntity({ activity: 'scanning' }), sampleEntity({ entityName: 'old' }));
    const after = fleet(sampleEntity({ activity: 'live' }), sampleEntity({ entityName: 'new' }));
    expect(announceTransitions(before, after)).toBe('orders: live. new: added. old: deleted.');
    expect(announceTransitions(fleet(sampleEntity()), fleet(sampleEntity({ health: 'degraded' })))).toBe(
      'orders: degraded.',
    );
  });

  test('many simultaneous changes are announced as a count', () => {
    const names = ['a', 'b', 'c', 'd'];
    const before = fleet(...names.map((entityName) => sampleEntity({ entityName })));
    const after = fleet(...names.map((entityName) => sampleEntity({ entityName, health: 'unknown' })));
    expect(announceTransitions(before, after)).toBe('4 entities changed their status.');
  });
});
