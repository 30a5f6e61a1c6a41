// @vitest-environment jsdom
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { sampleFleet, sampleJob } from '../../../test/samples.ts';
import { EntityPage } from './entity-page.tsx';

const letter = {
  docId: 'o13',
  key: '"o13"',
  column: 'total',
  error: 'The document is larger than 16 MB.',
  errorCode: 'EMC-6001',
  attempts: 4,
  createdAt: '2026-11-21T12:00:00.000Z',
  updatedAt: '2026-11-21T12:02:00.000Z',
};

const jobs: Answers = { 'jobs.get': () => sampleJob() };
const { jobId } = sampleJob();

function openEntity(answers: Answers = {}, search = '') {
  return openConsole(<EntityPage entityName="orders" />, { answers, search, pathname: '/entities/orders' });
}

const heading = (name: RegExp) => screen.findByRole('heading', { level: 1, name });

describe('the page of an entity', () => {
  test('shows its name, status and source', async () => {
    openEntity();
    await heading(/orders\s*Live/);
    expect(screen.getByText(/shop\.orders → 1 column · version 3/)).toBeInstanceOf(HTMLElement);
  });

  test('the arrow keys move between tabs, Enter opens one, and it is kept in the URL', async () => {
    const { user, search } = openEntity();
    await heading(/orders\s*Live/);
    screen.getByRole('tab', { name: 'Overview' }).focus();
    await user.keyboard('{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}{ArrowRight}{Enter}');
    await screen.findByRole('table', { name: 'Columns of orders' });
    expect(search()).toContain('tab=shape');
  });

  test('an entity that the fleet view lacks is requested before it counts as missing', async () => {
    const { engine } = openEntity({
      'fleet.get': () => sampleFleet({ entities: [] }),
      'entities.get': () => sampleEntity({ activity: 'pending' }),
    });
    await heading(/orders\s*Pending/);
    expect(engine.inputsOf('entities.get')).toEqual([{ entityName: 'orders' }]);
  });

  test('an unknown name is called missing, with a link to all entities', async () => {
    openEntity({
      'fleet.get': () => sampleFleet({ entities: [] }),
      'entities.get': () => {
        throw refusal({ code: 'EMC-5002', detail: 'No entity named orders.', httpStatus: 404 });
      },
    });
    await heading(/There is no entity named orders/);
    expect(screen.getByRole('link', { name: 'Show all entities' }).getAttribute('href')).toBe('/');
  });

  test('an entity that is deleted while its page is open is called missing', async () => {
    const { engine } = openEntity();
    await heading(/orders\s*Live/);
    engine.push({ kind: 'fleet', fleet: sampleFleet({ entities: [] }) });
    await heading(/There is no entity named orders/);
    expect(engine.inputsOf('entities.get')).toEqual([]);
  });

  test('without an answer its state is unknown, not missing', async () => {
    openEntity({
      'fleet.get': () => {
        throw refusal({ code: 'EMC-5008', detail: 'The engine does not answer.' });
      },
    });
    expect(await screen.findByText('The state of this entity is unknown.')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('Could not read the entity.')).toBeInstanceOf(HTMLElement);
  });
});

describe('the banner of an entity', () => {
  const withEntity = (overrides: Parameters<typeof sampleEntity>[0]): Answers => ({
    'fleet.get': () => sampleFleet({ entities: [sampleEntity(overrides)] }),
    'entities.resume': () => ({ jobId: sampleJob().jobId }),
    'jobs.get': () => sampleJob({ kind: 'resume' }),
  });

  test('of a paused entity resumes it', async () => {
    const { user, engine } = openEntity(withEntity({ activity: 'paused' }));
    await screen.findByText('This entity is paused. Its caches do not apply changes.');
    await user.click(await screen.findByRole('button', { name: 'Resume' }));
    await screen.findByText('Resumed orders');
    expect(engine.inputsOf('entities.resume')).toEqual([{ entityName: 'orders' }]);
  });

  test('of a failed entity shows the reason and offers a refresh', async () => {
    const reason = 'The change stream’s history was lost.';
    const { user } = openEntity(withEntity({ activity: 'failed', health: 'failed', reason }));
    await screen.findByText(reason);
    const buttons = await screen.findAllByRole('button', { name: 'Refresh from source' });
    await user.click(buttons.at(-1) ?? document.body);
    expect(await screen.findByRole('alertdialog', { name: 'Refresh orders from source?' })).toBeInstanceOf(HTMLElement);
  });

  test('of a degraded entity says until when readers have the data', async () => {
    openEntity(withEntity({ health: 'degraded', reason: 'node-c is 38 s behind.' }));
    await screen.findByText('node-c is 38 s behind.');
    expect(screen.getByText(/Applications can still read the cache/).textContent).toContain('12:03:21');
  });

  test('is absent while the entity is healthy', async () => {
    openEntity();
    await heading(/orders\s*Live/);
    expect(screen.queryByText(/Applications can still read the cache/)).toBeNull();
  });
});

describe('the dead letters of an entity', () => {
  test('are listed with column, reason, code and attempts', async () => {
    openEntity({ 'entities.deadLetters': () => [letter] }, '?tab=dead-letters');
    expect((await screen.findByText('o13')).closest('tr')?.textContent).toContain(
      '_id: "o13"totalThe document is larger than 16 MB. EMC-60014',
    );
  });

  test('are retried one at a time, after the consequences were stated', async () => {
    const { user, engine } = openEntity(
      {
        ...jobs,
        'entities.deadLetters': () => [letter, { ...letter, docId: 'o14' }],
        'entities.retry': () => ({ jobId }),
      },
      '?tab=dead-letters',
    );
    await user.click(await screen.findByRole('button', { name: 'Retry o14' }));
    const dialog = await screen.findByRole('alertdialog', { name: 'Retry dead letters of orders?' });
    expect(dialog.textContent).toContain('The engine reads 1 dead letter again from shop.orders.');
    await user.click(within(dialog).getByRole('button', { name: 'Retry dead letters' }));
    await waitFor(() => expect(engine.inputsOf('entities.retry')).toEqual([{ entityName: 'orders', docIds: ['o14'] }]));
  });

  test('are discarded all at once, with the keyboard', async () => {
    const { user, engine } = openEntity(
      {
        ...jobs,
        'fleet.get': () => sampleFleet({ entities: [sampleEntity({ deadLetters: 2 })] }),
        'entities.deadLetters': () => [letter, { ...letter, docId: 'o14' }],
        'entities.discard': () => ({ jobId }),
      },
      '?tab=dead-letters',
    );
    (await screen.findByRole('button', { name: 'Discard all' })).focus();
    await user.keyboard('{Enter}');
    const dialog = await screen.findByRole('alertdialog', { name: 'Discard dead letters of orders?' });
    expect(dialog.textContent).toContain('The engine deletes 2 dead letters');
    within(dialog).getByRole('button', { name: 'Discard dead letters' }).focus();
    await user.keyboard('{Enter}');
    await waitFor(() => expect(engine.inputsOf('entities.discard')).toEqual([{ entityName: 'orders' }]));
  });

  test('that do not exist are good news', async () => {
    openEntity({ 'entities.deadLetters': () => [] }, '?tab=dead-letters');
    expect(await screen.findByText('No dead letters. Every document was copied.')).toBeInstanceOf(HTMLElement);
  });

  test('that cannot be read are an error with a retry', async () => {
    const { user, engine } = openEntity(
      {
        'entities.deadLetters': () => {
          throw refusal({ code: 'EMC-2001', detail: 'PostgreSQL does not answer.' });
        },
      },
      '?tab=dead-letters',
    );
    expect(await screen.findByText('Could not read the dead letters.')).toBeInstanceOf(HTMLElement);
    engine.answer({ 'entities.deadLetters': () => [letter] });
    await user.click(screen.getByRole('button', { name: 'Try again' }));
    await waitFor(() => expect(screen.getByText('o13')).toBeInstanceOf(HTMLElement));
  });
});
