import { expect, test } from 'vitest';
import type { PlannedJobKind, RunnableJobKind } from './job-kind.ts';
import { findJobKind, jobKinds } from './job-kinds.ts';
import { possibleJobKind } from './job-refusal.ts';
import { pauseJob } from './kinds/pause-job.ts';
import { verifyJob } from './kinds/verify-job.ts';

const entity = {
  entityName: 'orders',
  lifecycle: 'live',
  paused: false,
  liveFromId: 1,
} as const;

test('a verb without a row is refused, whatever an object inherits', () => {
  expect(() => possibleJobKind('explode', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5007' }));
  expect(findJobKind('toString')).toBeNull();
});

test('a planned verb is refused as not carried out, and a possible one is found', () => {
  expect(() => possibleJobKind('verify', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5007' }));
  expect(possibleJobKind('pause', entity)).toBe(jobKinds.pause);
});

test('the state of the entity decides what is possible', () => {
  expect(() => possibleJobKind('resume', entity)).toThrowError(expect.objectContaining({ code: 'EMC-5004' }));
  expect(possibleJobKind('resume', { ...entity, paused: true })).toBe(jobKinds.resume);
});

/** Checked by `tsc`, which refuses a @ts-expect-error that has nothing to expect. */
test('a kind that lacks a text does not compile', () => {
  const { title, summary, audit, action, ...rest } = pauseJob;
  const { question, ...otherTexts } = action;
  // @ts-expect-error: no title.
  const untitled: RunnableJobKind = { ...rest, summary, audit, action };
  // @ts-expect-error: no summary for the API reference.
  const undescribed: RunnableJobKind = { ...rest, title, audit, action };
  // @ts-expect-error: no audit line.
  const unaudited: RunnableJobKind = { ...rest, title, summary, action };
  // @ts-expect-error: a dialog without its question.
  const unasked: RunnableJobKind = { ...rest, title, summary, audit, action: otherTexts };
  // @ts-expect-error: a kind that runs must have the console's texts.
  const silent: RunnableJobKind = { ...rest, title, summary, audit, action: null };
  // @ts-expect-error: a planned kind has a title too.
  const planned: PlannedJobKind = { ...verifyJob, title: undefined };
  expect([untitled, undescribed, unaudited, unasked, silent, planned]).toHaveLength(6);
  expect(question).toContain('{entityName}');
});
