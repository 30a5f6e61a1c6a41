import { chooseSource, expect, test } from './fixtures.ts';

test('a name that exists is refused by the engine on the field itself', async ({
  page,
  expectRefusal,
  prefix,
  source,
  stack,
}) => {
  expectRefusal(409, 'entities.create');
  await source.collection('things').insertOne({ colour: 'green' });
  const entityName = `${prefix}things`;
  const shape = {
    entityName,
    sourceName: `${source.databaseName}.things`,
    columns: [{ name: 'colour', type: 'Text', path: 'colour' }],
  };
  const created = await fetch(`${stack.engineUrl}/api/v1/entities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(shape),
  });
  expect(created.status).toBe(201);

  await page.goto('/entities/new');
  await chooseSource(page, `${source.databaseName}.things`);
  await page.getByRole('button', { name: /^Add colour/ }).click();
  const name = page.getByRole('textbox', { name: 'Entity name' });
  await name.fill(entityName.toUpperCase());
  await page.getByRole('button', { name: 'Create entity' }).click();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await expect(name).toHaveAccessibleDescription(/taken|exists/i);
});

test('names that a cache file cannot hold are refused while typing, before anything is sent', async ({ page }) => {
  await page.goto('/entities/new');
  const name = page.getByRole('textbox', { name: 'Entity name' });
  await name.fill('metadata');
  await name.blur();
  await expect(name).toHaveAccessibleDescription(/reserved/);
  await name.fill('1st');
  await name.blur();
  await expect(name).toHaveAccessibleDescription(/letters, digits and underscores/);
});
