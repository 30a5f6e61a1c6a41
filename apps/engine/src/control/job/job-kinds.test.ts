import { expect, test } from 'vitest';
import type { JobKind } from './job-kind.ts';
import { findJobKind, jobKinds } from './job-kinds.ts';
import { possibleJobKind } from './job-refusal.ts';
import { pauseJob } from './kinds/pause-job.ts';

const entity = {
  entityName: 'orders',
  lifecycle: 'live',
  route: 'oplog',
  paused: false,
  liveFromId: 1,
} as const;

test('rejects an unknown kind, also one with the name of an inherited object property', () => {
  expect(() => possibleJobKind('explode', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5007' }));
  expect(findJobKind('toString')).toBeNull();
});

test('finds a supported kind', () => {
  expect(possibleJobKind('verify', entity)).toBe(jobKinds.verify);
});

test('the state of the entity decides which jobs are possible', () => {
  expect(() => possibleJobKind('resume', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5004' }));
  expect(possibleJobKind('resume', { ...entity, paused: true })).toBe(jobKinds.resume);
  expect(possibleJobKind('rebuild', entity)).toBe(jobKinds.rebuild);
  const paused = { code: 'EMC-5004', detail: expect.stringContaining('Resume it first') };
  expect(() => possibleJobKind('rebuild', { ...entity, paused: true })).toThrowError(expect.objectContaining(paused));
});

/** `tsc` does the check: it rejects a @ts-expect-error without an error. */
test('a kind with a missing text does not compile', () => {
  const { title, summary, audit, action, ...rest } = pauseJob;
  const { question, ...otherTexts } = action;
  // @ts-expect-error: missing title.
  const untitled: JobKind = { ...rest, summary, audit, action };
  // @ts-expect-error: missing summary for the API reference.
  const undescribed: JobKind = { ...rest, title, audit, action };
  // @ts-expect-error: missing audit line.
  const unaudited: JobKind = { ...rest, title, summary, action };
  // @ts-expect-error: dialog without a question.
  const unasked: JobKind = { ...rest, title, summary, audit, action: otherTexts };
  // @ts-expect-error: a kind must have the console's texts.
  const silent: JobKind = { ...rest, title, summary, audit, action: null };
  expect([untitled, undescribed, unaudited, unasked, silent]).toHaveLength(5);
  expect(question).toContain('{entityName}');
});
