import { createEntity, expect, readEntity, test } from './fixtures.ts';

test('the errors of a row open the problems that they count: values that became NULL, and a source that was dropped', async ({
  page,
  prefix,
  source,
  stack,
}) => {
  const people = source.collection<{ _id: number; age: number | string }>('people');
  await people.insertMany([
    { _id: 1, age: 36 },
    { _id: 2, age: 'unknown' },
  ]);
  const entityName = `${prefix}ages`;
  const sourceName = `${source.databaseName}.people`;
  const columns = [{ name: 'age', type: 'Integer', path: 'age' }];
  await createEntity(stack, { entityName, sourceName, columns });
  await expect.poll(async () => (await readEntity(stack, entityName))?.activity, { timeout: 60_000 }).toBe('live');

  await page.goto('/');
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: entityName }) });
  await row.getByRole('link', { name: '1', exact: true }).click();
  await expect(page).toHaveURL(new RegExp(`/problems\\?entity=${entityName}$`));
  await expect(page.getByText('Values of age do not fit the type Integer; column age has NULL instead.')).toBeVisible();

  await page.goto(`/entities/${entityName}?tab=rows`);
  await page.getByRole('textbox', { name: 'Find a document by its id' }).fill('2');
  await page.getByRole('button', { name: 'Find', exact: true }).click();
  await expect(page.getByRole('cell', { name: 'n:2' })).toBeVisible();
  await expect(page.getByRole('cell', { name: 'n:1' })).toHaveCount(0);

  await page.goto(`/problems?entity=${entityName}`);
  await people.drop();
  await page.reload();
  await expect(page.getByText(new RegExp(`MongoDB has no collection ${sourceName}`))).toBeVisible();
});
