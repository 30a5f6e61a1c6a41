import type { Page } from '@playwright/test';
import { expect, readCache, readEntity, test } from './fixtures.ts';

const actions = [
  { name: 'Refresh from source', isInMenu: false },
  { name: 'Rebuild cache', isInMenu: false },
  { name: 'Pause', isInMenu: true },
  { name: 'Delete entity', isInMenu: true },
] as const;

async function openDialog(page: Page, entityName: string, { name, isInMenu }: (typeof actions)[number]): Promise<void> {
  if (isInMenu) {
    await page.getByRole('button', { name: `Actions for ${entityName}` }).click();
    await page.getByRole('menuitem', { name }).click();
  } else {
    await page.getByRole('button', { name }).click();
  }
  await expect(page.getByRole('alertdialog')).toBeVisible();
}

for (const action of actions) {
  test(`${action.name}: Cancel and Escape close the dialog and leave the entity as it is`, async ({
    page,
    liveEntity,
    stack,
  }) => {
    const before = await readEntity(stack, liveEntity);
    await page.goto(`/entities/${liveEntity}`);
    await openDialog(page, liveEntity, action);
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await expect(page.getByRole('alertdialog')).toHaveCount(0);
    await openDialog(page, liveEntity, action);
    await page.keyboard.press('Escape');
    await expect(page.getByRole('alertdialog')).toHaveCount(0);

    await page.getByRole('tab', { name: 'Jobs' }).click();
    await expect(page.getByText('No jobs for this entity yet.')).toBeVisible();
    const after = await readEntity(stack, liveEntity);
    expect([after?.activity, after?.version, after?.nodes[0]?.generation]).toEqual([
      'live',
      before?.version,
      before?.nodes[0]?.generation,
    ]);
    expect(readCache(stack, liveEntity, `SELECT count(*) AS n FROM "${liveEntity}"`)).toEqual([{ n: 2 }]);
  });
}
