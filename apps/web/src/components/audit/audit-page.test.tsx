// @vitest-environment jsdom
import { screen, within } from '@testing-library/react';
import { expect, test } from 'vitest';
import { openConsole } from '../../../test/open-console.tsx';
import { AuditPage } from './audit-page.tsx';

const record = (id: number) => ({
  ...{ id, at: '2026-11-21T12:00:00.000Z', actor: 'api', action: 'setIndexes', entityName: 'orders' },
  ...{ detail: { indexes: [{ columns: ['city'] }] }, correlationId: 'a3d1a1e4-4b0e-4c55-8d0f-5f7f3b1d9c60' },
});

test('reads the audit page by page, and filters by entity and action', async () => {
  const { engine, user, search } = openConsole(<AuditPage />, {
    answers: {
      'audit.list': ({ before }) => ({
        entries: [record(before === undefined ? 9 : 3)],
        next: before === undefined ? 9 : null,
      }),
    },
  });
  const table = within(await screen.findByRole('table', { name: 'Audit records' }));
  await table.findByText('Change indexes');
  expect(table.getByRole('link', { name: 'orders' }).getAttribute('href')).toBe('/entities/orders');
  const row = table.getByRole('row', { name: /Change indexes/ });
  expect(row.textContent).toContain('{"indexes":[{"columns":["city"]}]}');
  await user.click(screen.getByRole('button', { name: 'Next' }));
  await expect.poll(() => engine.inputsOf('audit.list').at(-1)).toEqual({ limit: 50, before: 9 });
  await user.selectOptions(screen.getByLabelText('Action'), 'Forget node');
  await expect.poll(() => engine.inputsOf('audit.list').at(-1)).toEqual({ limit: 50, action: 'forgetNode' });
  await user.selectOptions(screen.getByLabelText('Entity'), 'orders');
  await expect
    .poll(() => engine.inputsOf('audit.list').at(-1))
    .toEqual({ limit: 50, entityName: 'orders', action: 'forgetNode' });
  expect(search()).toBe('?action=forgetNode&entity=orders');
});
