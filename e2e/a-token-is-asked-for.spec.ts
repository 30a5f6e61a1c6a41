import { AxeBuilder } from '@axe-core/playwright';
import type { BrowserContext, Page } from '@playwright/test';
import { expect, test } from './fixtures.ts';
import { startSecondConsole } from './second-console.ts';

const token = process.env['EMCACHERS_TOKEN'] ?? 'a-token-of-some-length';

// Each test starts a console of its own, which takes long on a busy machine.
test.setTimeout(240_000);

/** The second console has a token, whether the engine asks for one or not. */
async function openConsole(context: BrowserContext, url: string, path: string): Promise<Page> {
  await context.clearCookies();
  const page = await context.newPage();
  await page.goto(`${url}${path}`);
  return page;
}

test('the console shows nothing before the sign-in, takes the token, and nothing after the sign-out', async ({
  context,
  liveEntity,
  stack,
}) => {
  await using console = await startSecondConsole(stack.engineUrl, { EMCACHERS_TOKEN: token });
  const page = await openConsole(context, console.url, `/entities/${liveEntity}?tab=rows`);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/sign-in');
  expect((await page.request.get(`${console.url}/api/trpc/fleet.get`)).status()).toBe(401);
  const violations = async () => (await new AxeBuilder({ page }).analyze()).violations.map(({ id }) => id);
  expect(await violations()).toEqual([]);

  await page.getByLabel('Token').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('alert')).toHaveText('This is not the token of the engine.');
  expect(await violations()).toEqual([]);

  await page.getByLabel('Token').fill(token);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('tabpanel', { name: 'Rows' })).toContainText('Ada');
  await expect(page.getByTestId('live-state')).toHaveText('Live');
  expect(await page.evaluate(() => document.cookie)).not.toContain('session');

  const [session] = (await context.cookies()).filter(({ name }) => name.startsWith('emcachers-session'));
  expect(session).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
  await page.getByRole('button', { name: 'Sign out' }).click();
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  await page.goto(`${console.url}/jobs`);
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible();
  // A copy of the cookie is worth nothing.
  const copy = { cookie: `${session?.name}=${session?.value}` };
  expect((await fetch(`${console.url}/api/trpc/fleet.get`, { headers: copy })).status).toBe(401);
  await page.close();
});

test('a page whose session has ended leads to the sign-in and from there back', async ({ context, stack }) => {
  await using console = await startSecondConsole(stack.engineUrl, { EMCACHERS_TOKEN: token });
  const page = await openConsole(context, console.url, '/jobs');
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Jobs' })).toBeVisible();
  await context.clearCookies();
  // The next call of the page is refused; nobody has to click for that.
  await expect(page.getByRole('heading', { name: 'Sign in' })).toBeVisible({ timeout: 60_000 });
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await expect(page.getByRole('heading', { level: 1, name: 'Jobs' })).toBeVisible();
  expect(new URL(page.url()).pathname).toBe('/jobs');
  await page.close();
});
