import { expect, test } from './fixtures.ts';

/** WCAG 2.2 AA by axe in each state that an operator meets, in both themes and down to 320 px. */
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 320]) {
    test(`pages pass axe and do not scroll sideways: ${colorScheme}, ${width} px`, async ({
      page,
      axe,
      expectRefusal,
      prefix,
      source,
      stack,
    }) => {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.setViewportSize({ width, height: 800 });
      await source.collection<{ _id: number; name: string }>('people').insertMany([
        { _id: 1, name: 'Ada' },
        { _id: 2, name: 'Grace' },
      ]);

      await test.step('the empty list', async () => {
        await page.goto('/');
        await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
        expect(await axe()).toEqual([]);
      });

      await test.step('the form, empty and with errors', async () => {
        await page.goto('/entities/new');
        await expect(page.getByRole('heading', { level: 1, name: 'New entity' })).toBeVisible();
        await page.getByRole('button', { name: 'Create entity' }).click();
        await expect(page.locator('[aria-invalid="true"]').first()).toBeVisible();
        expect(await axe()).toEqual([]);
      });

      const entityName = `${prefix}people`;
      const shape = {
        entityName,
        sourceName: `${source.databaseName}.people`,
        columns: [{ name: 'name', type: 'Text', path: 'name' }],
      };
      await fetch(`${stack.engineUrl}/api/v1/entities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(shape),
      });

      await test.step('the list with an entity', async () => {
        await page.goto('/');
        await expect(page.getByRole('link', { name: entityName })).toBeVisible();
        expect(await axe()).toEqual([]);
        expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(
          0,
        );
      });

      await test.step('each tab of the entity, and its dialogs', async () => {
        await page.goto(`/entities/${entityName}`);
        await expect(page.getByRole('heading', { level: 1 })).toContainText('Live', { timeout: 60_000 });
        for (const tab of await page.getByRole('tab').all()) {
          await tab.click();
          await expect(page.getByRole('tabpanel')).toBeVisible();
          expect(await axe(), await tab.innerText()).toEqual([]);
          expect(
            await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth),
          ).toBeLessThanOrEqual(0);
        }
        await page.getByRole('button', { name: `Actions for ${entityName}` }).click();
        await page.getByRole('menuitem', { name: 'Delete entity' }).click();
        await expect(page.getByRole('alertdialog')).toBeVisible();
        expect(await axe()).toEqual([]);
        await page.keyboard.press('Escape');
      });

      await test.step('nodes, jobs, and a page that does not exist', async () => {
        expectRefusal(404, 'entities.get');
        for (const path of ['/nodes', '/jobs', '/entities/no_such_entity']) {
          await page.goto(path);
          await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
          expect(await axe(), path).toEqual([]);
        }
      });
    });
  }
}
