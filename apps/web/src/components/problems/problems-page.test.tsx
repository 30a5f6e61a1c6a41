// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { sampleFleet } from '../../../test/samples.ts';
import { ProblemsPage } from './problems-page.tsx';

const orders = sampleEntity({
  coercionErrors: 12,
  columnCounts: [{ name: 'status', met: 900, coercionErrors: 12 }],
  deadLetters: 1,
});
const prices = sampleEntity({ entityName: 'prices', sourceName: 'shop.prices' });
const collection = (sourceName: string) => ({ sourceName, estimatedDocuments: 1, entities: [] });

function openProblems(answers: Answers = {}, search = '') {
  return openConsole(<ProblemsPage />, {
    answers: {
      'fleet.get': () => sampleFleet({ entities: [orders, prices] }),
      'sources.list': () => [collection('shop.orders')],
      'entities.deadLetters': () => [
        {
          docId: 'd1',
          key: '1',
          column: null,
          errorCode: 'EMC-4010',
          error: 'The document is too large.',
          attempts: 1,
          createdAt: '2026-11-21T10:00:00.000Z',
          updatedAt: '2026-11-21T11:00:00.000Z',
        },
      ],
      ...answers,
    },
    search,
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
});
