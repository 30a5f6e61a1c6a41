// @vitest-environment jsdom
import type { JobView } from '@emcachers/core/api-views';
import { screen } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleJob } from '../../../test/samples.ts';
import { useEntityAction } from './use-entity-action.ts';

const { jobId } = sampleJob();

function ResumeButton({ entityName }: { readonly entityName: string }) {
  const { start, error, isPending } = useEntityAction();
  return (
    <>
      <button type="button" disabled={isPending} onClick={() => void start({ action: 'resume', entityName })}>
        Go
      </button>
      {error === null ? null : <p>{error.detail}</p>}
    </>
  );
}

function openAction(jobs: readonly JobView[]) {
  const answers = [...jobs];
  return openConsole(<ResumeButton entityName="orders" />, {
    answers: {
      'entities.resume': () => ({ jobId }),
      'jobs.get': () => (answers.length > 1 ? answers.shift() : answers[0]) ?? sampleJob(),
    },
  });
}

const running = (message: string) => sampleJob({ kind: 'resume', status: 'running', message, finishedAt: null });

describe('the toast of an action', () => {
  test('shows the progress of the job, then its outcome, in one place and with a link to the job', async () => {
    const { user } = openAction([
      running('Waiting for the node.'),
      sampleJob({ kind: 'resume', message: 'Applied 12 changes.' }),
    ]);
    await user.click(screen.getByRole('button', { name: 'Go' }));
    await screen.findByText('Waiting for the node.');
    expect(screen.getByText('Resuming orders')).toBeInstanceOf(HTMLElement);
    await screen.findByText('Applied 12 changes.');
    expect(screen.getByText('Resumed orders')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByText('Resuming orders')).toBeNull();
    expect(screen.getByRole('link', { name: 'Show job' }).getAttribute('href')).toBe(`/jobs?job=${jobId}`);
  });

  test('a cancelled job is not reported as success', async () => {
    const { user } = openAction([sampleJob({ status: 'cancelled', message: 'Cancelled by an operator.' })]);
    await user.click(screen.getByRole('button', { name: 'Go' }));
    await screen.findByText('Cancelled: Resume');
    expect(screen.getByText('Cancelled by an operator.')).toBeInstanceOf(HTMLElement);
  });

  test('a failed job shows its code and message', async () => {
    const { user } = openAction([sampleJob({ status: 'failed', errorCode: 'EMC-3004', message: 'No leader.' })]);
    await user.click(screen.getByRole('button', { name: 'Go' }));
    await screen.findByText('EMC-3004 No leader.');
  });

  test('a call that fails in between does not end the following', async () => {
    let calls = 0;
    const { user, engine } = openAction([]);
    engine.answer({
      'jobs.get': () => {
        calls += 1;
        if (calls === 1) throw new Error('network');
        return sampleJob({ kind: 'resume' });
      },
    });
    await user.click(screen.getByRole('button', { name: 'Go' }));
    await screen.findByText('Resumed orders');
    expect(calls).toBe(2);
  });

  test('a request that is not accepted shows no toast', async () => {
    const { user, engine } = openAction([]);
    engine.answer({
      'entities.resume': () => {
        throw new Error('down');
      },
    });
    await user.click(screen.getByRole('button', { name: 'Go' }));
    await screen.findByText(/Could not reach the console/);
    expect(screen.queryByText('Resuming orders')).toBeNull();
    expect(engine.inputsOf('jobs.get')).toEqual([]);
  });
});
