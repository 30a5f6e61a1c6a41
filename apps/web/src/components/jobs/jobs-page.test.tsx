// @vitest-environment jsdom
import type { JobView } from '@emcachers/core/api-views';
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { heldAnswer, refusal } from '../../../test/answers.ts';
import { openConsole, pass } from '../../../test/open-console.tsx';
import { sampleFleet, sampleJob, unreachableFleet } from '../../../test/samples.ts';
import { JobsTab } from '../entity/jobs-tab.tsx';
import { JobsPage } from './jobs-page.tsx';

const failed = sampleJob({
  jobId: '11111111-6a39-4c39-9d5c-0e8a3f6f2b11',
  kind: 'rebuild',
  entityName: 'prices',
  status: 'failed',
  message: 'The disk is full.',
  errorCode: 'EMC-4001',
});
const queued = sampleJob({
  jobId: '22222222-6a39-4c39-9d5c-0e8a3f6f2b11',
  kind: 'pause',
  status: 'queued',
  message: null,
  startedAt: null,
  finishedAt: null,
});

function openJobs(jobs: JobView[], search = '') {
  const answers = { 'fleet.get': () => sampleFleet({ activeJobs: 1 }), 'jobs.list': () => jobs };
  return openConsole(<JobsPage />, { answers, search, pathname: '/jobs' });
}

const rowOf = async (words: string) => within((await screen.findByText(words)).closest('tr') ?? document.body);

describe('the jobs page', () => {
  test('shows kind, entity, outcome and duration of each job', async () => {
    openJobs([sampleJob(), failed, queued]);
    const refresh = await rowOf('Refresh from source');
    expect(refresh.getByText('Succeeded')).toBeInstanceOf(HTMLElement);
    expect(refresh.getByText('9.0 s')).toBeInstanceOf(HTMLElement);
    expect(refresh.getByRole('link', { name: 'orders' }).getAttribute('href')).toBe('/entities/orders');
    const rebuild = await rowOf('Rebuild cache');
    expect(rebuild.getByText('Failed')).toBeInstanceOf(HTMLElement);
    expect(rebuild.getByText('EMC-4001')).toBeInstanceOf(HTMLElement);
    const pause = await rowOf('Pause');
    expect(pause.getByText('Queued')).toBeInstanceOf(HTMLElement);
    expect(pause.getAllByText('—')).toHaveLength(2);
  });

  test('says of a job that waits for its next attempt why and until when', async () => {
    const message = 'Attempt 2 of 5 failed: MongoDB does not answer. The next one follows by itself.';
    const retryAt = '2026-11-21T12:04:00.000Z';
    openJobs([sampleJob({ ...queued, message, errorCode: 'EMC-2001', attempts: 2, retryAt })]);
    const row = await rowOf('Queued');
    expect(row.getByText(message, { exact: false }).textContent).toMatch(/EMC-2001 Next attempt: \d\d:04/);
  });

  test('says how many jobs are active', async () => {
    openJobs([]);
    expect(await screen.findByRole('heading', { level: 1, name: '1 job queued or running.' })).toBeInstanceOf(
      HTMLElement,
    );
  });

  test('does not say that no jobs run while the engine cannot read PostgreSQL', async () => {
    const { engine } = openJobs([]);
    await screen.findByRole('heading', { level: 1, name: '1 job queued or running.' });
    engine.push({ kind: 'fleet', fleet: unreachableFleet() });
    await screen.findByRole('heading', { level: 1, name: unreachableFleet().sentence });
  });

  test('without jobs says what is recorded here', async () => {
    openJobs([]);
    expect(await screen.findByText(/No jobs yet/)).toBeInstanceOf(HTMLElement);
    expect(screen.queryByRole('table')).toBeNull();
  });

  test('marks the job that the URL names', async () => {
    openJobs([sampleJob(), failed], `?job=${failed.jobId}`);
    expect((await screen.findByText('Rebuild cache')).className).toContain('border-accent');
    expect(screen.getByText('Refresh from source').className).not.toContain('border-accent');
  });

  test('jobs that cannot be listed are an error with a retry', async () => {
    const { user, engine } = openConsole(<JobsPage />, {
      answers: {
        'jobs.list': () => {
          throw refusal({ code: 'EMC-2001', detail: 'PostgreSQL does not answer.' });
        },
      },
    });
    expect(await screen.findByText('Could not list the jobs.')).toBeInstanceOf(HTMLElement);
    engine.answer({ 'jobs.list': () => [failed] });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await rowOf('Rebuild cache');
  });

  test('a job that has not ended can be cancelled, and the toast says what became of it', async () => {
    const { user, engine } = openJobs([sampleJob(), queued]);
    engine.answer({ 'jobs.cancel': () => ({ ...queued, status: 'cancelled', message: 'Cancelled by an operator.' }) });
    await user.click(await screen.findByRole('button', { name: 'Cancel pause of orders' }));
    expect(await screen.findByText('Cancelled pause of orders')).toBeInstanceOf(HTMLElement);
    expect(engine.inputsOf('jobs.cancel')).toEqual([{ jobId: queued.jobId }]);
    expect(screen.getAllByRole('button', { name: /^Cancel / })).toHaveLength(1);
  });

  test('a job that ended before it could be cancelled is not called cancelled', async () => {
    const { user, engine } = openJobs([queued]);
    engine.answer({ 'jobs.cancel': () => ({ ...queued, status: 'succeeded' }) });
    await user.click(await screen.findByRole('button', { name: 'Cancel pause of orders' }));
    expect(await screen.findByText('The job had already ended: succeeded')).toBeInstanceOf(HTMLElement);
  });

  test('of a job that ends while the jobs are being listed, the end is shown', async () => {
    const running = sampleJob({ status: 'running', finishedAt: null });
    const { engine } = openJobs([running]);
    await screen.findByText('Running');
    const held = heldAnswer<JobView[]>();
    engine.answer({ 'jobs.list': () => held.promise });
    engine.push({ kind: 'fleet', fleet: sampleFleet({ jobsRevision: '1' }) });
    await waitFor(() => expect(engine.inputsOf('jobs.list')).toHaveLength(2));
    engine.push({ kind: 'fleet', fleet: sampleFleet({ jobsRevision: '2' }) });
    engine.answer({ 'jobs.list': () => [sampleJob()] });
    held.release([running]);
    expect(await screen.findByText('Succeeded')).toBeInstanceOf(HTMLElement);
    expect(engine.inputsOf('jobs.list')).toHaveLength(3);
  });

  test('are listed again after 15 s, in case that a change was missed', async () => {
    const { engine } = openConsole(<JobsPage />, { answers: { 'jobs.list': () => [] }, hasFakeTimers: true });
    for (let second = 0; second < 15; second += 1) {
      await pass(1_000);
      engine.push({ kind: 'beat' });
    }
    await pass(100);
    expect(engine.inputsOf('jobs.list')).toHaveLength(2);
  });

  test('of one entity are requested for that entity and do not repeat its name', async () => {
    const { engine } = openConsole(<JobsTab entityName="prices" />, { answers: { 'jobs.list': () => [failed] } });
    expect(within(await screen.findByRole('table', { name: 'Jobs of prices' })).queryByText('Entity')).toBeNull();
    expect(engine.inputsOf('jobs.list')).toEqual([{ limit: 100, entityName: 'prices' }]);
  });
});
