import type { Locator, Page } from '@playwright/test';
import { expect, readEntity, test } from './fixtures.ts';

/** More controls than any page has. */
const tabsMax = 60;

/** Presses Tab until the element has the focus; fails if Tab never reaches it. */
async function tabTo(page: Page, element: Locator): Promise<void> {
  await expect(element).toBeVisible();
  for (let pressed = 0; pressed < tabsMax; pressed += 1) {
    if (await element.evaluate((node) => node === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach ${String(element)}.`);
}

test('an operator creates an entity through the form with the keyboard alone', async ({
  page,
  prefix,
  source,
  stack,
}) => {
  await source.collection('things').insertOne({ colour: 'green' });
  const entityName = `${prefix}things`;
  await page.goto('/entities/new');
  await tabTo(page, page.getByLabel('Source collection'));
  await page.keyboard.press('Enter');
  await expect(page.getByLabel('Find a collection')).toBeFocused();
  await page.keyboard.type(`${source.databaseName}.things`);
  await expect(page.getByRole('option', { name: `${source.databaseName}.things` })).toBeVisible();
  await page.keyboard.press('Enter');
  const name = page.getByRole('textbox', { name: 'Entity name' });
  await expect(name).toHaveValue('things');
  await tabTo(page, name);
  await page.keyboard.press('ControlOrMeta+A');
  await page.keyboard.type(entityName);
  await tabTo(page, page.getByRole('button', { name: /^Add colour/ }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: 'Path of column 1' })).toHaveValue('colour');
  await tabTo(page, page.getByRole('button', { name: 'Create entity' }));
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(new RegExp(`/entities/${entityName}$`));
  expect(await readEntity(stack, entityName)).not.toBeNull();
});

test('an operator deletes an entity with the keyboard alone', async ({ page, liveEntity, stack }) => {
  await page.goto(`/entities/${liveEntity}`);
  await tabTo(page, page.getByRole('button', { name: `Actions for ${liveEntity}` }));
  await page.keyboard.press('Enter');
  await expect(page.getByRole('menu')).toBeVisible();
  await page.keyboard.press('End');
  await expect(page.getByRole('menuitem', { name: 'Delete entity' })).toBeFocused();
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('alertdialog');
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(dialog.getByRole('textbox')).toBeFocused();
  await page.keyboard.type(liveEntity);
  await page.keyboard.press('Enter');
  await expect(page).toHaveURL(`${stack.consoleUrl}/`, { timeout: 60_000 });
  expect(await readEntity(stack, liveEntity)).toBeNull();
});
