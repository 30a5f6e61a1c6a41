import { expect, signIn, test } from './fixtures.ts';
import { startSecondConsole } from './second-console.ts';

// Opened without the `page` fixture, which fails on the 503 answers that are the point here.
test('an engine that stands still leaves nothing green: headline, pills, indicator, title and one cause agree', async ({
  context,
  liveEntity,
  stack,
}) => {
  await using console = await startSecondConsole(stack.engineUrl);
  await signIn(context, console.url);
  const page = await context.newPage();
  await page.goto(console.url);
  const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: liveEntity }) });
  await expect(page.getByTestId('live-state')).toHaveText('Live');
  await expect(row.getByText('Live', { exact: true })).toBeVisible();

  console.freezeEngine();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^The state of the entities is unknown since /);
  await expect(row.getByText('Live, unconfirmed')).toBeVisible();
  await expect(page.getByTestId('live-state')).not.toHaveText('Live');
  await expect(page.getByText('The engine does not answer. The figures below are out of date.')).toBeVisible();
  await expect(page).toHaveTitle(/^\? /);
  await expect(page.getByText(/are live and fresh|is live and fresh/)).toHaveText(/^Last known: /);

  console.thawEngine();
  await expect(page.getByTestId('live-state')).toHaveText('Live', { timeout: 40_000 });
  await expect(row.getByText('Live', { exact: true })).toBeVisible();
  await expect(page.getByText(/out of date/)).toHaveCount(0);
  await expect(page).not.toHaveTitle(/^\? /);
});

test('a page of an entity that is opened while the engine stands still says so instead of loading for ever', async ({
  context,
  liveEntity,
  stack,
}) => {
  await using console = await startSecondConsole(stack.engineUrl);
  await signIn(context, console.url);
  console.freezeEngine();
  const page = await context.newPage();
  await page.goto(`${console.url}/entities/${liveEntity}`);
  await expect(page.getByText('The state of this entity is unknown.')).toBeVisible();
  await expect(page.getByText(/The engine does not answer|has not answered within/)).toBeVisible();
});
