// @vitest-environment jsdom
import type { PreviewView, SampleView } from '@emcachers/core/api-views';
import { screen, waitFor, within } from '@testing-library/react';
import { describe, expect, test } from 'vitest';
import { type Answers, heldAnswer, refusal } from '../../../test/answers.ts';
import { openConsole } from '../../../test/open-console.tsx';
import { sampleEntity } from '../../../test/sample-entity.ts';
import { sampleFleet } from '../../../test/samples.ts';
import { ShapeFormPage } from './shape-form-page.tsx';

const sample: SampleView = {
  sampled: 100,
  paths: [
    {
      path: '_id',
      presence: 1,
      types: [{ type: 'objectId', share: 1 }],
      suggestedType: 'Text',
      example: null,
    },
    {
      path: 'status',
      presence: 1,
      types: [{ type: 'string', share: 1 }],
      suggestedType: 'Text',
      example: 'paid',
    },
    {
      path: 'total',
      presence: 0.5,
      types: [
        { type: 'int', share: 0.75 },
        { type: 'string', share: 0.25 },
      ],
      suggestedType: 'Number',
      example: '12',
    },
    {
      path: 'customer.address.city',
      presence: 0.4,
      types: [{ type: 'string', share: 1 }],
      suggestedType: 'Text',
      example: 'Oslo',
    },
  ],
};

const preview = (columns: PreviewView['columns']): PreviewView => ({
  sampled: 100,
  matched: 100,
  rows: [{ docId: 'a', cells: columns.map(({ name }) => (name === 'empty' ? null : `${name} 9007199254740993`)) }],
  columns,
});

const answers: Answers = {
  'sources.list': () => [
    { sourceName: 'shop.customers', estimatedDocuments: 20, entities: ['customers'] },
    { sourceName: 'shop.orders', estimatedDocuments: 12_340, entities: [] },
  ],
  'sources.sample': () => sample,
  'sources.preview': ({ columns }) =>
    preview(
      columns.map(({ name }) => ({
        name,
        found: 80,
        refused: name === 'total' ? 25 : 0,
        refusedDocIds: name === 'total' ? ['n:7'] : [],
      })),
    ),
  'entities.create': ({ entityName }) => sampleEntity({ entityName }),
};

function openForm(more: Answers = {}, search = '?source=shop.orders') {
  return openConsole(<ShapeFormPage />, { answers: { ...answers, ...more }, search, pathname: '/entities/new' });
}

const nameField = () => screen.findByRole<HTMLInputElement>('textbox', { name: 'Entity name' });
const press = (name: string | RegExp) => screen.getByRole<HTMLButtonElement>('button', { name });
const addField = (path: string) => screen.findByRole('button', { name: new RegExp(`^Add ?${path}`) });
const columnNames = () => screen.queryAllByLabelText<HTMLInputElement>(/^Name of column/).map((input) => input.value);
const errorOf = (input: HTMLElement) =>
  (input.getAttribute('aria-describedby') ?? '')
    .split(' ')
    .map((id) => document.getElementById(id)?.textContent ?? '')
    .join(' ');

describe('choosing a source', () => {
  test('a collection picked with the keyboard proposes a free entity name', async () => {
    const { user } = openForm({}, '');
    await nameField();
    const trigger = screen.getByRole('combobox', { name: 'Source collection' });
    trigger.focus();
    await user.keyboard('{Enter}');
    await user.type(await screen.findByRole('combobox', { name: 'Find a collection' }), 'shop.ord');
    await screen.findByRole('option', { name: /shop\.orders/ });
    await user.keyboard('{Enter}');
    await waitFor(async () => expect((await nameField()).value).toBe('orders_2'));
    expect(trigger.textContent).toContain('shop.orders');
    await screen.findByText('in 100 sampled documents');
  });

  test('a collection that does not exist yet can be typed', async () => {
    const { user } = openForm({ 'sources.sample': () => ({ sampled: 0, paths: [] }) }, '');
    await nameField();
    await user.click(screen.getByRole('combobox', { name: 'Source collection' }));
    await user.type(await screen.findByRole('combobox', { name: 'Find a collection' }), 'shop.returns');
    await user.click(await screen.findByRole('option', { name: /shop\.returns.*does not exist yet/ }));
    await screen.findByText('starts as soon as the collection exists');
    await screen.findByText('The collection has no documents yet. Enter the paths by hand.');
  });

  test('a name that the operator typed is not replaced', async () => {
    const { user } = openForm({}, '');
    await user.type(await nameField(), 'mine');
    await user.click(screen.getByRole('combobox', { name: 'Source collection' }));
    await user.click(await screen.findByRole('option', { name: /shop\.customers/ }));
    await screen.findByText(/Already copied as customers/);
    expect((await nameField()).value).toBe('mine');
  });

  test('a duplicate starts with the other entity’s shape and a free name', async () => {
    openForm({}, '?from=orders');
    expect((await nameField()).value).toBe('orders_2');
    expect(columnNames()).toEqual(['status']);
  });

  test('collections that cannot be listed are an error with a retry', async () => {
    const { user, engine } = openForm({
      'sources.list': () => {
        throw refusal({ code: 'EMC-1002', detail: 'MongoDB does not answer.' });
      },
    });
    expect(await screen.findByText('Could not list the MongoDB collections.')).toBeInstanceOf(HTMLElement);
    engine.answer(answers);
    await user.click(press('Try again'));
    await waitFor(() => expect(screen.queryByText('MongoDB does not answer.')).toBeNull());
  });
});

describe('the fields found in a sample', () => {
  test('show type, frequency and an example, and one click adds a column of the suggested type', async () => {
    const { user } = openForm();
    const total = await addField('total');
    expect(total.textContent).toContain('int 75 %, string 25 % · 50 %');
    expect(total.textContent).toContain('12');
    await user.click(total);
    expect(columnNames()).toEqual(['total']);
    expect(screen.getByLabelText<HTMLSelectElement>('Type of column 1').value).toBe('Number');
    expect(screen.getByLabelText<HTMLInputElement>('Path of column 1').value).toBe('total');
    await waitFor(() => expect(screen.queryByRole('button', { name: /^Add ?total/ })).toBeNull());
  });

  test('a nested path becomes a column named after its last segment', async () => {
    const { user } = openForm();
    await user.click(await addField('customer.address.city'));
    expect(columnNames()).toEqual(['city']);
  });

  test('all top-level fields are added at once, without _id and nested paths', async () => {
    const { user } = openForm();
    await addField('status');
    await user.click(press('Add all top-level fields'));
    expect(columnNames()).toEqual(['status', 'total']);
  });

  test('a sample that fails shows the error, and the form still works', async () => {
    const { user } = openForm({
      'sources.sample': () => {
        throw refusal({ code: 'EMC-1003', detail: 'The sample took too long.' });
      },
    });
    expect(await screen.findByText('Could not sample the collection.')).toBeInstanceOf(HTMLElement);
    await user.click(press('Add column'));
    expect(columnNames()).toEqual(['']);
  });
});

describe('the columns of the form', () => {
  async function withTwoColumns() {
    const opened = openForm();
    await opened.user.click(await addField('status'));
    await opened.user.click(await addField('total'));
    return opened;
  }

  test('are moved with buttons that keep the focus on the moved column', async () => {
    const { user } = await withTwoColumns();
    expect(press('Move column 1 up').disabled).toBe(true);
    expect(press('Move column 2 down').disabled).toBe(true);
    press('Move column 2 up').focus();
    await user.keyboard('{Enter}');
    expect(columnNames()).toEqual(['total', 'status']);
    await waitFor(() => expect(document.activeElement).toBe(press('Move column 1 down')));
    await screen.findByText('Column 2 is now column 1.');
  });

  test('are removed with a button, after which the focus is on “Add column”', async () => {
    const { user } = await withTwoColumns();
    await user.click(press('Remove column 1'));
    expect(columnNames()).toEqual(['total']);
    await waitFor(() => expect(document.activeElement).toBe(press('Add column')));
    await screen.findByText('Column status removed.');
  });

  test('show an error on the part at fault once that part was visited', async () => {
    const { user } = await withTwoColumns();
    const name = screen.getByLabelText('Name of column 2');
    expect(name.getAttribute('aria-invalid')).toBe('false');
    await user.clear(name);
    await user.type(name, 'Status');
    await user.tab();
    await waitFor(() => expect(name.getAttribute('aria-invalid')).toBe('true'));
    expect(errorOf(name)).toContain('Column 1 already has this name');
  });
});

describe('the preview', () => {
  test('explains itself before there is a column', async () => {
    openForm();
    expect(await screen.findByText('Choose a collection and add a column to preview the first rows.')).toBeInstanceOf(
      HTMLElement,
    );
  });

  test('shows the rows that the engine produces, digit for digit, and how often each path was found', async () => {
    const { user } = openForm();
    await user.click(await addField('status'));
    const table = await screen.findByRole('table', { name: 'Preview of the rows' });
    expect(within(table).getByText('status 9007199254740993')).toBeInstanceOf(HTMLElement);
    expect(screen.getByText('1 row of 100 sampled documents')).toBeInstanceOf(HTMLElement);
    await screen.findByText('80 %');
  });

  test('warns of values that do not fit a type, and one click chooses Any', async () => {
    const { user, engine } = openForm();
    await user.click(await addField('total'));
    await screen.findByText(/In 25 of 100 documents, the value of “total” does not fit the type Number/);
    await user.click(press(/Use Any/));
    expect(screen.getByLabelText<HTMLSelectElement>('Type of column 1').value).toBe('Any');
    await waitFor(() => {
      const last = engine.inputsOf('sources.preview').at(-1);
      expect(last).toMatchObject({ columns: [{ name: 'total', type: 'Any', path: 'total' }] });
    });
  });

  test('warns of a path that no sampled document has', async () => {
    const { user } = openForm({
      'sources.preview': () => preview([{ name: 'status', found: 0, refused: 0, refusedDocIds: [] }]),
    });
    await user.click(await addField('status'));
    expect(await screen.findByText('No sampled document has the path “status”.')).toBeInstanceOf(HTMLElement);
  });

  test('that fails shows the error', async () => {
    const { user } = openForm({
      'sources.preview': () => {
        throw refusal({ code: 'EMC-1003', detail: 'The sample took too long.' });
      },
    });
    await user.click(await addField('status'));
    expect(await screen.findByText('Could not create the preview.')).toBeInstanceOf(HTMLElement);
  });
});

describe('submitting the form', () => {
  test('with errors sends nothing, marks the fields and focuses the first one', async () => {
    const { user, engine } = openForm({}, '');
    const name = await nameField();
    await user.click(press('Create entity'));
    await waitFor(() => expect(name.getAttribute('aria-invalid')).toBe('true'));
    expect(screen.getByText('Add at least one column.')).toBeInstanceOf(HTMLElement);
    expect(errorOf(screen.getByRole('combobox', { name: 'Source collection' }))).toContain('database.collection');
    expect(document.activeElement).toBe(screen.getByRole('combobox', { name: 'Source collection' }));
    expect(engine.inputsOf('entities.create')).toEqual([]);
  });

  test('Enter in a field creates the entity and opens its page', async () => {
    const { user, engine, visited } = openForm();
    await user.click(await addField('status'));
    await user.type(await nameField(), '{Enter}');
    await waitFor(() => expect(visited).toEqual(['/entities/orders_2']));
    const columns = [{ name: 'status', type: 'Text', path: 'status' }];
    const shape = { entityName: 'orders_2', sourceName: 'shop.orders', columns };
    expect(engine.inputsOf('entities.create')).toEqual([shape]);
  });

  test('keeps what each column does with a value that it cannot hold; the default is left out', async () => {
    const { user, engine, visited } = openForm();
    await user.click(await addField('status'));
    await user.click(await addField('total'));
    const policies = screen.getAllByRole('combobox', { name: /cannot hold a value/ });
    expect(policies.map((policy) => (policy as HTMLSelectElement).value)).toEqual(['null', 'null']);
    await user.selectOptions(policies[0] ?? document.body, 'Fail entity');
    await user.selectOptions(policies[0] ?? document.body, 'Store NULL');
    await user.selectOptions(policies[1] ?? document.body, 'Dead letter');
    await user.click(press('Create entity'));
    await waitFor(() => expect(visited).toHaveLength(1));
    expect(engine.inputsOf('entities.create')).toMatchObject([
      {
        columns: [
          { name: 'status', type: 'Text', path: 'status' },
          { name: 'total', type: 'Number', path: 'total', whenRefused: 'dead-letter' },
        ],
      },
    ]);
    expect(engine.inputsOf('entities.create')).not.toMatchObject([{ columns: [{ whenRefused: 'null' }, {}] }]);
  });

  test('a second click while the request is pending sends nothing more', async () => {
    const answer = heldAnswer<ReturnType<typeof sampleEntity>>();
    const { user, engine, visited } = openForm({ 'entities.create': () => answer.promise });
    await user.click(await addField('status'));
    await user.click(press('Create entity'));
    const pending = await screen.findByRole<HTMLButtonElement>('button', { name: 'Creating…' });
    expect(pending.disabled).toBe(true);
    answer.release(sampleEntity());
    await waitFor(() => expect(visited).toHaveLength(1));
    expect(engine.inputsOf('entities.create')).toHaveLength(1);
  });

  test('a name that the engine refuses is shown on the name field, with the focus there', async () => {
    const message = 'An entity named orders_2 already exists.';
    const { user, visited } = openForm({
      'entities.create': () => {
        throw refusal({ code: 'EMC-5003', detail: message, fields: [{ path: ['entityName'], message }] });
      },
    });
    await user.click(await addField('status'));
    await user.click(press('Create entity'));
    const name = await nameField();
    await waitFor(() => expect(errorOf(name)).toContain(message));
    expect(name.getAttribute('aria-invalid')).toBe('true');
    expect(document.activeElement).toBe(name);
    expect(screen.queryByText('Could not create the entity.')).toBeNull();
    expect(visited).toEqual([]);
  });

  test('a refusal of a column is shown in its row', async () => {
    const message = 'This path is not supported.';
    const { user } = openForm({
      'entities.create': () => {
        throw refusal({ code: 'EMC-5001', detail: message, fields: [{ path: ['columns', 0, 'path'], message }] });
      },
    });
    await user.click(await addField('status'));
    await user.click(press('Create entity'));
    await waitFor(() => expect(errorOf(screen.getByLabelText('Path of column 1'))).toContain(message));
  });

  test('a failure that belongs to no field is announced above the buttons', async () => {
    const { user } = openForm({
      'entities.create': () => {
        throw refusal({ code: 'EMC-3004', detail: 'No node is the leader.', hint: 'Try again in a moment.' });
      },
    });
    await user.click(await addField('status'));
    await user.click(press('Create entity'));
    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Could not create the entity.');
    expect(alert.textContent).toContain('Try again in a moment.');
    expect(press('Create entity').disabled).toBe(false);
  });

  test('while the engine does not answer the page says so', async () => {
    openForm({
      'fleet.get': () => {
        throw refusal({ code: 'EMC-5008', detail: 'The engine does not answer.' });
      },
    });
    expect(await screen.findByText('The engine does not answer. You cannot create an entity now.')).toBeInstanceOf(
      HTMLElement,
    );
  });

  test('the plan names the number of nodes that get a file', async () => {
    const { nodes } = sampleFleet();
    openForm({ 'fleet.get': () => sampleFleet({ nodes: [...nodes, ...nodes] }) });
    expect(await screen.findByText('one file on 2 nodes')).toBeInstanceOf(HTMLElement);
    await screen.findByText('reads ~12.3 k documents once, without blocking writes');
  });
});
