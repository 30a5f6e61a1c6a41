import { callEngine, expect, test } from './fixtures.ts';

test('ten tabs load and are live on one stream, and another tab takes it over when its tab is closed', async ({
  context,
  liveEntity,
  source,
  stack,
}) => {
  // Ten pages are loaded one after the other, which takes more than a minute on a busy machine.
  test.setTimeout(240_000);
  const streams = async (): Promise<string | undefined> => {
    const metrics = await (await callEngine(stack, `/metrics`)).text();
    return /^emcachers_live_streams (\d+)$/m.exec(metrics)?.[1];
  };
  const pages = [];
  for (let count = 0; count < 10; count += 1) {
    const page = await context.newPage();
    await page.goto(stack.consoleUrl);
    await expect(page.getByRole('link', { name: liveEntity })).toBeVisible();
    await expect(page.getByTestId('live-state')).toHaveText('Live');
    pages.push(page);
  }
  await expect.poll(streams).toBe('1');

  const [first, ...others] = pages;
  await first?.close();
  await source.collection<{ _id: number; name: string }>('people').insertOne({ _id: 3, name: 'Edsger' });
  for (const page of others) {
    const row = page.getByRole('row').filter({ has: page.getByRole('link', { name: liveEntity }) });
    await expect(row.getByRole('cell', { name: '3', exact: true }).first()).toBeVisible();
    await expect(page.getByTestId('live-state')).toHaveText('Live');
  }
  await expect.poll(streams).toBe('1');
});
