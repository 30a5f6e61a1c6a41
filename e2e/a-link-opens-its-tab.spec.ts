import { expect, test } from './fixtures.ts';

const tabs = [
  { tab: 'overview', name: 'Overview', content: 'Progress to live', role: 'list' },
  { tab: 'rows', name: 'Rows', content: /^Rows of/, role: 'table' },
  { tab: 'oplog', name: 'Oplog', content: /^Oplog entries of/, role: 'table' },
  { tab: 'dead-letters', name: 'Dead letters', content: 'Dead letters', role: 'region' },
  { tab: 'jobs', name: 'Jobs', content: 'Jobs', role: 'region' },
  { tab: 'shape', name: 'Shape', content: /^Columns of/, role: 'table' },
] as const;

for (const { tab, name, content, role } of tabs) {
  test(`?tab=${tab} opens ${name}, and a reload keeps it`, async ({ page, liveEntity }) => {
    await page.goto(`/entities/${liveEntity}?tab=${tab}`);
    const selected = page.getByRole('tab', { selected: true });
    await expect(selected).toHaveText(name);
    await expect(page.getByRole('tabpanel').getByRole(role, { name: content, exact: true })).toBeVisible();
    await page.reload();
    await expect(selected).toHaveText(name);
  });
}

test('an unknown tab opens the overview', async ({ page, liveEntity }) => {
  await page.goto(`/entities/${liveEntity}?tab=nonsense`);
  await expect(page.getByRole('tab', { selected: true })).toHaveText('Overview');
});

test('Back returns to the tab before', async ({ page, liveEntity }) => {
  await page.goto(`/entities/${liveEntity}`);
  await page.getByRole('tab', { name: 'Shape' }).click();
  await expect(page).toHaveURL(/tab=shape/);
  await page.goBack();
  await expect(page.getByRole('tab', { selected: true })).toHaveText('Overview');
});

test('a link to one row opens that row', async ({ page, liveEntity }) => {
  await page.goto(`/entities/${liveEntity}?tab=rows&doc=n:2`);
  const table = page.getByRole('table', { name: `Rows of ${liveEntity}` });
  await expect(table.getByRole('row')).toHaveCount(2);
  await expect(table).toContainText('Grace');
  const why = page.getByRole('region', { name: 'Why this row is what it is' });
  await expect(why).toContainText('Up to date');
  await expect(why.getByRole('table')).toContainText('MongoDB');
});
