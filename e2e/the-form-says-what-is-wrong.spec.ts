import { chooseSource, createEntity, expect, test } from './fixtures.ts';

test('the refusal of a taken name by the engine is shown on the name field', async ({
  page,
  expectRefusal,
  prefix,
  source,
  stack,
}) => {
  expectRefusal(409, 'entities.create');
  await source.collection('things').insertOne({ colour: 'green' });
  const entityName = `${prefix}things`;
  await createEntity(stack, {
    entityName,
    sourceName: `${source.databaseName}.things`,
    columns: [{ name: 'colour', type: 'Text', path: 'colour' }],
  });

  await page.goto('/entities/new');
  await chooseSource(page, `${source.databaseName}.things`);
  await page.getByRole('button', { name: /^Add colour/ }).click();
  const name = page.getByRole('textbox', { name: 'Entity name' });
  await name.fill(entityName.toUpperCase());
  await page.getByRole('button', { name: 'Create entity' }).click();
  await expect(name).toHaveAttribute('aria-invalid', 'true');
  await expect(name).toHaveAccessibleDescription(/already in use/i);
});

test('an invalid or reserved name is refused while typing, before anything is sent', async ({ page }) => {
  await page.goto('/entities/new');
  const name = page.getByRole('textbox', { name: 'Entity name' });
  await name.fill('metadata');
  await name.blur();
  await expect(name).toHaveAccessibleDescription(/reserved/);
  await name.fill('1st');
  await name.blur();
  await expect(name).toHaveAccessibleDescription(/letters, digits and underscores/);
});
