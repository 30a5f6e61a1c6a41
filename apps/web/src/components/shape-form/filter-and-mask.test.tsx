// @vitest-environment jsdom
import { fireEvent, screen, waitFor } from '@testing-library/react';
import { expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { ShapeFormPage } from './shape-form-page.tsx';

function openForm() {
  return openConsole(<ShapeFormPage />, {
    answers: {
      'sources.list': () => [{ sourceName: 'shop.orders', estimatedDocuments: 9, entities: [] }],
      'sources.sample': () => ({
        sampled: 9,
        paths: [
          { path: 'email', presence: 1, types: [{ type: 'string', share: 1 }], suggestedType: 'Text', example: null },
        ],
      }),
      'sources.preview': ({ columns, where }) => ({
        sampled: 9,
        matched: where === undefined ? 9 : 4,
        rows: [],
        columns: columns.map(({ name }) => ({ name, found: 1, refused: 0, refusedDocIds: [] })),
      }),
      'entities.create': ({ entityName }) => sampleEntity({ entityName }),
    },
    search: '?source=shop.orders',
    pathname: '/entities/new',
  });
}

const type = (label: string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });

test('a filter is sent with the shape, after the form has said how many sampled documents match', async () => {
  const { user, engine, visited } = openForm();
  await user.click(await screen.findByRole('button', { name: /^Add ?email/ }));
  type('Filter', '{ "status": "open" }');
  await screen.findByText('4 of 9 sampled documents match.');
  await user.selectOptions(screen.getByRole('combobox', { name: /Mask$/ }), 'Hash');
  await screen.findByText(/can be joined and grouped, but not read/);
  await user.click(screen.getByRole('button', { name: 'Create entity' }));
  await waitFor(() => expect(visited).toHaveLength(1));
  expect(engine.inputsOf('entities.create')).toMatchObject([
    { columns: [{ name: 'email', mask: { kind: 'hash' } }], where: { status: 'open' } },
  ]);
});

test('a filter that is not JSON, or has an operator that is not allowed, is not sent', async () => {
  const { user, engine } = openForm();
  await user.click(await screen.findByRole('button', { name: /^Add ?email/ }));
  type('Filter', '{ "status": ');
  await user.click(screen.getByRole('button', { name: 'Create entity' }));
  await screen.findByText(/A filter is a JSON object/);
  type('Filter', '{ "$where": "true" }');
  await screen.findByText(/\$where cannot be used here/);
  await user.click(screen.getByRole('button', { name: 'Create entity' }));
  expect(engine.inputsOf('entities.create')).toEqual([]);
});
