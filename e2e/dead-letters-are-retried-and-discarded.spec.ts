import { chooseSource, expect, test } from './fixtures.ts';

test('an operator lets a column refuse documents, retries a dead letter and discards it', async ({
  page,
  prefix,
  source,
  axe,
}) => {
  const orders = source.collection<{ _id: string; total: unknown }>('orders');
  await orders.insertMany([
    { _id: 'o1', total: 5 },
    { _id: 'o2', total: 'twelve' },
    { _id: 'o3', total: 7 },
  ]);
  const entityName = `${prefix}orders`;

  await test.step('the form offers what a column does with a value that it cannot hold', async () => {
    await page.goto('/entities/new');
    await chooseSource(page, `${source.databaseName}.orders`);
    await page.getByRole('textbox', { name: 'Entity name' }).fill(entityName);
    await page.getByRole('button', { name: /^Add total/ }).click();
    await page.getByLabel('Type of column 1').selectOption('Integer');
    await page.getByLabel('Column 1: If it cannot hold a value').selectOption('Dead letter');
    await page.getByRole('button', { name: 'Create entity' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText('Live', { timeout: 60_000 });
  });

  const row = page.getByRole('row').filter({ hasText: 'o2' });
  await test.step('the refused document is listed with its column', async () => {
    await page.getByRole('tab', { name: /^Dead letters/ }).click();
    await expect(row).toContainText('total');
    await expect(row).toContainText('EMC-6003');
    await axe();
  });

  await test.step('a retry reads it again and says that it was refused again', async () => {
    await page.getByRole('button', { name: 'Retry o2' }).click();
    const dialog = page.getByRole('alertdialog');
    await expect(dialog).toContainText('The engine reads 1 dead letter again');
    await axe();
    await dialog.getByRole('button', { name: 'Retry dead letters' }).click();
    await expect(page.getByText('Retried 1 document: 1 refused again.')).toBeVisible();
  });

  await test.step('with the keyboard, all of them are discarded', async () => {
    await page.getByRole('button', { name: 'Discard all' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('alertdialog').getByRole('button', { name: 'Discard dead letters' }).focus();
    await page.keyboard.press('Enter');
    await expect(page.getByText('Discarded 1 dead letter.')).toBeVisible();
    await expect(page.getByText('No dead letters. Every document was copied.')).toBeVisible();
  });
});
