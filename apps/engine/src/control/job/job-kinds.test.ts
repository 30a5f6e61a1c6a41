import { expect, test } from 'vitest';
import type { PlannedJobKind, RunnableJobKind } from './job-kind.ts';
import { findJobKind, jobKinds } from './job-kinds.ts';
import { possibleJobKind } from './job-refusal.ts';
import { pauseJob } from './kinds/pause-job.ts';
import { verifyJob } from './kinds/verify-job.ts';

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

test('rejects a planned kind with EMC-5007 and finds a supported one', () => {
  expect(() => possibleJobKind('verify', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5007' }));
  expect(possibleJobKind('pause', entity)).toBe(jobKinds.pause);
});

test('the state of the entity decides which jobs are possible', () => {
  expect(() => possibleJobKind('resume', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5004' }));
  expect(possibleJobKind('resume', { ...entity, paused: true })).toBe(jobKinds.resume);
});

/** `tsc` does the check: it rejects a @ts-expect-error without an error. */
test('a kind with a missing text does not compile', () => {
  const { title, summary, audit, action, ...rest } = pauseJob;
  const { question, ...otherTexts } = action;
  // @ts-expect-error: missing title.
  const untitled: RunnableJobKind = { ...rest, summary, audit, action };
  // @ts-expect-error: missing summary for the API reference.
  const undescribed: RunnableJobKind = { ...rest, title, audit, action };
  // @ts-expect-error: missing audit line.
  const unaudited: RunnableJobKind = { ...rest, title, summary, action };
  // @ts-expect-error: dialog without a question.
  const unasked: RunnableJobKind = { ...rest, title, summary, audit, action: otherTexts };
  // @ts-expect-error: a runnable kind must have the console's texts.
  const silent: RunnableJobKind = { ...rest, title, summary, audit, action: null };
  // @ts-expect-error: a planned kind also has a title.
  const planned: PlannedJobKind = { ...verifyJob, title: undefined };
  expect([untitled, undescribed, unaudited, unasked, silent, planned]).toHaveLength(6);
  expect(question).toContain('{entityName}');
});
