import { expect, signIn, test } from './fixtures.ts';
import { startSecondConsole } from './second-console.ts';

// These pages are opened without the `page` fixture, which fails on the 502 answers that are the point here.
test('figures stay and are called out of date while the engine is stopped, and recover by themselves', async ({
  context,
  liveEntity,
  stack,
}) => {
  await using console = await startSecondConsole(stack.engineUrl);
  await signIn(context, console.url);
  const page = await context.newPage();
  await page.goto(console.url);
  await expect(page.getByRole('link', { name: liveEntity })).toBeVisible();
  await expect(page.getByTestId('live-state')).toHaveText('Live');

  await console.cutEngine();
  await expect(page.getByTestId('live-state')).not.toHaveText('Live');
  await expect(page.getByTestId('live-state')).toHaveText('Polling every 4 s', { timeout: 30_000 });
  await expect(page.getByText('The engine does not answer. The figures below are out of date.')).toBeVisible();
  await expect(page.getByText(/^The figures below are from/)).toBeVisible();
  await expect(page.getByRole('link', { name: liveEntity })).toBeVisible();

  await console.reconnectEngine();
  await expect(page.getByTestId('live-state')).toHaveText('Live', { timeout: 40_000 });
  await expect(page.getByText(/out of date/)).toHaveCount(0);
});

test('a page that opens while the engine is stopped says so, with the error code, and recovers by itself', async ({
  context,
  liveEntity,
  stack,
}) => {
  await using console = await startSecondConsole(stack.engineUrl);
  await signIn(context, console.url);
  await console.cutEngine();
  const page = await context.newPage();
  for (const [path, words] of [
    ['/', 'The state of your entities is unknown.'],
    [`/entities/${liveEntity}`, 'The state of this entity is unknown.'],
    ['/nodes', 'Could not list the nodes.'],
    ['/entities/new', 'The engine does not answer. You cannot create an entity now.'],
  ] as const) {
    await page.goto(`${console.url}${path}`);
    await expect(page.getByText(words), path).toBeVisible();
    await expect(page.getByText('EMC-5008').first(), path).toBeVisible();
  }

  await page.goto(console.url);
  await expect(page.getByText('Could not read the state from the engine.')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await console.reconnectEngine();
  await expect(page.getByRole('link', { name: liveEntity })).toBeVisible();
});
