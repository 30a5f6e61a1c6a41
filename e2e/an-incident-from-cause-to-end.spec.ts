import { createEntity, expect, test } from './fixtures.ts';

test('a document that cannot be copied is an incident until it is corrected, and the audit has who acknowledged it', async ({
  page,
  prefix,
  source,
  stack,
  axe,
}) => {
  test.setTimeout(180_000);
  const orders = source.collection<{ _id: number; total: unknown }>('orders');
  await orders.insertOne({ _id: 1, total: 'twelve' });
  const entityName = `${prefix}orders`;
  await createEntity(stack, {
    ...{ entityName, sourceName: `${source.databaseName}.orders` },
    columns: [{ name: 'total', type: 'Integer', path: 'total', whenRefused: 'dead-letter' }],
  });

  const name = 'A column cannot hold a value';
  const row = page.getByRole('row').filter({ hasText: name }).filter({ hasText: entityName });
  const detail = page.getByRole('row').filter({ hasText: 'Next step:' }).filter({ hasText: entityName });
  await test.step('the status names the cause for a while, and the page lists it without a reload', async () => {
    await page.goto('/incidents');
    await expect(row).toContainText('New', { timeout: 60_000 });
    await expect(detail).toContainText('Correct the document in MongoDB');
    await expect(page.getByRole('navigation', { name: 'Main' })).toContainText(/Incidents\s*\d+ new/);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await axe(), colorScheme).toEqual([]);
    }
  });

  await test.step('acknowledged with the keyboard, it stays open', async () => {
    await row.getByRole('button', { name: /^Acknowledge/ }).focus();
    await page.keyboard.press('Enter');
    await expect(row).toContainText('Acknowledged');
    await expect(detail).toContainText('by api');
  });

  await test.step('it leads to the entity', async () => {
    await row.getByRole('link', { name: `Entity ${entityName}` }).click();
    await expect(page.getByRole('heading', { level: 1 })).toContainText(entityName);
  });

  await test.step('the audit has it, by entity and action', async () => {
    await page.goto(`/audit?entity=${entityName}`);
    await expect(page.getByRole('row').filter({ hasText: 'Create entity' })).toBeVisible();
    await page.getByLabel('Action').selectOption('Acknowledge incident');
    await expect(page.getByRole('row').filter({ hasText: 'EMC-6003' })).toBeVisible();
    await expect(page.getByRole('row').filter({ hasText: 'Create entity' })).toHaveCount(0);
  });

  await test.step('it is closed once the document is corrected', async () => {
    await page.goto('/incidents');
    await expect(row).toBeVisible();
    await orders.updateOne({ _id: 1 }, { $set: { total: 12 } });
    await expect(row).toHaveCount(0, { timeout: 90_000 });
    await page.getByRole('button', { name: 'Closed' }).click();
    await expect(row.first()).toContainText('Closed');
  });
});
