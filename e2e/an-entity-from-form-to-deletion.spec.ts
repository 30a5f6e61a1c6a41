import { callEngine, chooseSource, expect, readCache, test } from './fixtures.ts';

test('an operator defines an entity, watches it go live, sees a change arrive, refreshes, rebuilds and deletes it', async ({
  page,
  prefix,
  source,
  stack,
}) => {
  const orders = source.collection<{ _id: string; status: string; total: number }>('orders');
  await orders.insertMany(
    Array.from({ length: 500 }, (_, index) => ({ _id: `o${index}`, status: 'placed', total: index })),
  );
  const entityName = `${prefix}orders`;

  await test.step('define it through the form', async () => {
    await page.goto('/');
    await page.getByRole('link', { name: 'New entity' }).first().click();
    await expect(page.getByRole('heading', { level: 1, name: 'New entity' })).toBeVisible();
    await chooseSource(page, `${source.databaseName}.orders`);
    await page.getByRole('textbox', { name: 'Entity name' }).fill(entityName);
    await page.getByRole('button', { name: /^Add status/ }).click();
    await page.getByRole('button', { name: /^Add total/ }).click();
    await expect(page.getByRole('table', { name: /preview/i })).toContainText('placed');
    await page.getByRole('button', { name: 'Create entity' }).click();
    await expect(page).toHaveURL(new RegExp(`/entities/${entityName}`));
  });

  await test.step('it goes live by itself', async () => {
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Live', { timeout: 60_000 });
    expect(readCache(stack, entityName, `SELECT count(*) AS n FROM "${entityName}"`)).toEqual([{ n: 500 }]);
  });

  await test.step('a change made with the driver shows without a reload', async () => {
    await page.getByRole('tab', { name: 'Rows' }).click();
    await page.getByRole('textbox', { name: 'Find a document by its id' }).fill('o7');
    await page.keyboard.press('Enter');
    const row = page.getByRole('row').filter({ hasText: 'o7' });
    await expect(row).toContainText('placed');
    await orders.updateOne({ _id: 'o7' }, { $set: { status: 'shipped' } });
    await expect(row).toContainText('shipped');
  });

  await test.step('Refresh from source scans again under the next version', async () => {
    await page.getByRole('button', { name: 'Refresh from source' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Refresh from source' }).click();
    await expect(page.getByText(/· version 2 ·/)).toBeVisible({ timeout: 60_000 });
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Live', { timeout: 60_000 });
  });

  await test.step('Rebuild cache makes a new file and keeps every row', async () => {
    await page.getByRole('button', { name: 'Rebuild cache' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Rebuild cache' }).click();
    await page.getByRole('tab', { name: 'Overview' }).click();
    await expect(page.getByRole('table', { name: /by node/ })).toContainText(/g2/, { timeout: 60_000 });
    expect(readCache(stack, entityName, `SELECT count(*) AS n FROM "${entityName}"`)).toEqual([{ n: 500 }]);
  });

  await test.step('Delete entity asks for its name and then it is gone', async () => {
    await page.getByRole('button', { name: `Actions for ${entityName}` }).click();
    await page.getByRole('menuitem', { name: 'Delete entity' }).click();
    const dialog = page.getByRole('alertdialog');
    await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
    const confirm = dialog.getByRole('button', { name: 'Delete entity' });
    await expect(confirm).toBeDisabled();
    await dialog.getByRole('textbox').fill(entityName);
    await confirm.click();
    await expect(page).toHaveURL(`${stack.consoleUrl}/`, { timeout: 60_000 });
    await expect(page.getByRole('link', { name: entityName })).toHaveCount(0);
    expect((await callEngine(stack, `/api/v1/entities/${entityName}`)).status).toBe(404);
  });
});
