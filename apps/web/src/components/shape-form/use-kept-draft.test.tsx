// @vitest-environment jsdom
import type { Shape } from '@emcachers/core/shape';
import { screen } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { keepDraft, readDraft } from '../../shape-draft/kept-draft.ts';
import { ShapeFormPage } from './shape-form-page.tsx';

const draft: Shape = {
  entityName: 'mine',
  sourceName: 'shop.orders',
  columns: [{ name: 'n', type: 'Any', path: 'a.n', whenRefused: 'fail' }],
};
const place = 'shop.orders ';
const note = 'This is the draft that you had before the page was loaded again.';

function openForm() {
  return openConsole(<ShapeFormPage />, {
    answers: {
      'sources.list': () => [{ sourceName: 'shop.orders', estimatedDocuments: 1, entities: [] }],
      'sources.sample': () => ({ sampled: 0, paths: [] }),
      'sources.preview': () => ({ sampled: 0, matched: 0, rows: [], columns: [] }),
    },
    search: '?source=shop.orders',
    pathname: '/entities/new',
  });
}

const nameField = () => screen.findByRole<HTMLInputElement>('textbox', { name: 'Entity name' });
const columnName = () => screen.queryByLabelText<HTMLInputElement>('Name of column 1')?.value;

describe('a draft', () => {
  test('is kept over a reload, with its columns, and can be discarded', async () => {
    keepDraft(place, draft);
    const { user } = openForm();
    await screen.findByText(note);
    expect((await nameField()).value).toBe('mine');
    expect(columnName()).toBe('n');
    expect(readDraft(place)).toEqual(draft);
    await user.click(screen.getByRole('button', { name: 'Discard the draft' }));
    expect(columnName()).toBeUndefined();
    expect(readDraft(place)).toBeNull();
  });

  test('is stored while it is entered', async () => {
    const { user } = openForm();
    await user.click(await screen.findByRole('button', { name: 'Add column' }));
    await user.type(screen.getByLabelText('Name of column 1'), 'total');
    expect(readDraft(place)?.columns).toMatchObject([{ name: 'total' }]);
    expect(screen.queryByText(note)).toBeNull();
  });

  test('that this version does not understand is ignored', async () => {
    sessionStorage.setItem(`emcachers-draft ${place}`, '{"columns":[{"type":"Date"}]}');
    openForm();
    await nameField();
    expect(screen.queryByText(note)).toBeNull();
  });
});
