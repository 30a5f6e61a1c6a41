// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, refusal } from '../../../test/answers.ts';
import { openConsole, pass } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { sampleFleet, unreachableFleet } from '../../../test/samples.ts';
import { ProblemsPage } from './problems-page.tsx';

const orders = sampleEntity({
  coercionErrors: 12,
  columnCounts: [{ name: 'status', met: 900, coercionErrors: 12 }],
  deadLetters: 1,
});
const prices = sampleEntity({ entityName: 'prices', sourceName: 'shop.prices' });
const letter = {
  docId: 'd1',
  key: '1',
  column: null,
  errorCode: 'EMC-4010',
  error: 'The document is too large.',
  attempts: 1,
  createdAt: '2026-11-21T10:00:00.000Z',
  updatedAt: '2026-11-21T11:00:00.000Z',
};
const collection = (sourceName: string) => ({ sourceName, estimatedDocuments: 1, entities: [] });

function openProblems(answers: Answers = {}, search = '', hasFakeTimers = false) {
  return openConsole(<ProblemsPage />, {
    answers: {
      'fleet.get': () => sampleFleet({ entities: [orders, prices] }),
      'sources.list': () => [collection('shop.orders')],
      'entities.deadLetters': () => [letter],
      ...answers,
    },
    search,
    hasFakeTimers,
    pathname: '/problems',
  });
}

const heading = (name: string) => screen.findByRole('heading', { level: 1, name });

describe('the problems page', () => {
  test('shows by cause what is lost or missing, with samples and what can be done', async () => {
    openProblems();
    expect(await heading('3 problems in 2 entities.')).toBeInstanceOf(HTMLElement);
    const nulls = within(screen.getByRole('region', { name: 'Values that became NULL' }));
    expect(nulls.getByText('12')).toBeInstanceOf(HTMLElement);
    expect(nulls.getByText(/give the column the type Any/)).toBeInstanceOf(HTMLElement);
    expect(screen.getByText(/MongoDB has no collection shop.prices/)).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('d1')).toBeInstanceOf(HTMLElement);
    expect(screen.getByRole('link', { name: 'Dead letters of orders' }).getAttribute('href')).toBe(
      '/entities/orders?tab=dead-letters',
    );
  });

  test('of one entity are those of the address, and the others are one click away', async () => {
    const { user } = openProblems({}, '?entity=prices');
    expect(await heading('1 problem in prices.')).toBeInstanceOf(HTMLElement);
    await user.click(screen.getByRole('button', { name: 'Show the problems of all entities' }));
    expect(await heading('3 problems in 2 entities.')).toBeInstanceOf(HTMLElement);
  });

  test('says that there is none', async () => {
    openProblems({ 'fleet.get': () => sampleFleet() });
    expect(await heading('No problems.')).toBeInstanceOf(HTMLElement);
  });

  test('says that it could not check the sources, and shows the other problems', async () => {
    openProblems({
      'sources.list': () => {
        throw refusal({ code: 'EMC-2001', detail: 'MongoDB does not answer.' });
      },
    });
    expect(await screen.findByText('Could not check whether the sources exist.')).toBeInstanceOf(HTMLElement);
    expect(await heading('2 problems in 1 entity.')).toBeInstanceOf(HTMLElement);
  });

  test('does not say that there is none while the engine cannot read PostgreSQL', async () => {
    openProblems({ 'fleet.get': unreachableFleet });
    await heading(unreachableFleet().sentence);
    expect(screen.queryByRole('heading', { name: 'No problems.' })).toBeNull();
  });

  test('looks for no missing source in a list of collections that may be cut', async () => {
    const many = Array.from({ length: 2_000 }, (_, index) => collection(`archive.c${index}`));
    openProblems({ 'sources.list': () => many });
    await screen.findByText('Missing sources are not looked for.');
    expect(await heading('2 problems in 1 entity.')).toBeInstanceOf(HTMLElement);
    expect(screen.queryByText(/MongoDB has no collection/)).toBeNull();
  });

  test('shows a collection that was dropped and a dead letter of another error while the page is open', async () => {
    const { engine } = openProblems({}, '', true);
    await pass(100);
    engine.answer({
      'sources.list': () => [],
      'entities.deadLetters': () => [
        letter,
        { ...letter, docId: 'd2', errorCode: 'EMC-4011', error: 'The value does not fit.' },
      ],
    });
    for (let second = 0; second < 11; second += 1) {
      await pass(1_000);
      engine.push({ kind: 'beat' });
    }
    expect(screen.getByText(/MongoDB has no collection shop.orders/)).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('The value does not fit.')).toBeInstanceOf(HTMLElement);
  });
});
