import { once } from 'node:events';
import { createServer, IncomingMessage, request } from 'node:http';
import type { Browser, Page } from '@playwright/test';
import { expect, readEntity, test } from './fixtures.ts';

// Pages of strangers are opened without the `page` fixture, which fails on refused requests: those are the point here.

/** `fetch` does not let a caller choose the Host header. */
async function ask(url: string, headers: Record<string, string>): Promise<{ status: number; body: string }> {
  const [answer] = await once(request(url, { headers, agent: false }).end(), 'response');
  if (!(answer instanceof IncomingMessage)) throw new Error('There is no response.');
  let body = '';
  for await (const chunk of answer.setEncoding('utf8')) body += String(chunk);
  return { status: answer.statusCode ?? 0, body };
}

/** A page of another site that runs in a browser in which the operator has the console open too. */
async function openEvilPage(browser: Browser, consoleUrl: string): Promise<Page & AsyncDisposable> {
  const server = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html><title>Evil</title><body></body>');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const context = await browser.newContext();
  await (await context.newPage()).goto(consoleUrl);
  const page = await context.newPage();
  await page.goto(`http://evil.example:${port}/`);
  return Object.assign(page, {
    [Symbol.asyncDispose]: async () => {
      await context.close();
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  });
}

test('under a foreign host name no page, asset or call of the console and the engine shows anything', async ({
  liveEntity,
  page,
  stack,
}) => {
  await page.goto('/');
  const asset = await page.locator('script[src]').first().getAttribute('src');
  const paths = ['/', `/entities/${liveEntity}`, '/jobs', '/nothing', '/icon.svg', '/sign-in', '/api/reach'];
  const ofConsole = [...paths, asset ?? '', '/api/trpc/fleet.get', `/entities/${liveEntity}?_rsc=1`].map(
    (path) => `${stack.consoleUrl}${path}`,
  );
  const ofEngine = ['/api/v1/entities', '/trpc/fleet.get', '/health', '/metrics', '/api/docs'].map(
    (path) => `${stack.engineUrl}${path}`,
  );
  for (const url of [...ofConsole, ...ofEngine])
    for (const headers of [{ host: 'evil.example' }, { host: 'evil.example', rsc: '1' }]) {
      const { status, body } = await ask(url, headers);
      expect([url, status]).toEqual([url, 403]);
      expect(body).not.toContain(liveEntity);
      expect(body).not.toContain(stack.dataDir);
    }
});

test('a browser that DNS rebinding has led to the console sees a page without data', async ({
  browser,
  liveEntity,
  stack,
}) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const answer = await page.goto(stack.consoleUrl.replace('127.0.0.1', 'evil.example'));
  expect(answer?.status()).toBe(403);
  await expect(page.getByRole('heading', { name: 'Not the console’s address' })).toBeVisible();
  expect(await page.content()).not.toContain(liveEntity);
  const read = await page.evaluate(() => fetch('/api/trpc/fleet.get').then((answer) => answer.text(), String));
  expect(read).not.toContain(liveEntity);
  await context.close();
});

test('a page of another site can neither read nor change anything with scripts, forms, frames or images', async ({
  browser,
  liveEntity,
  stack,
}) => {
  await using page = await openEvilPage(browser, stack.consoleUrl);
  const entity = `${stack.engineUrl}/api/v1/entities/${liveEntity}`;
  const reading = [`${stack.consoleUrl}/`, `${stack.consoleUrl}/api/trpc/fleet.get`, entity];
  const read = await page.evaluate(
    (urls) =>
      Promise.all(
        urls.map(async (url) => {
          const open = await fetch(url).then((answer) => answer.text(), String);
          const opaque = await fetch(url, { mode: 'no-cors' }).then((answer) => answer.text(), String);
          return `${open} ${opaque}`;
        }),
      ),
    reading,
  );
  for (const text of read) expect(text).not.toContain(liveEntity);

  const pause = `${entity}/pause`;
  const call = `${stack.consoleUrl}/api/trpc/entities.pause`;
  const body = JSON.stringify({ entityName: liveEntity });
  await page.evaluate(
    async ([paths, text]) => {
      for (const path of paths)
        for (const credentials of ['include', 'omit'] as const) {
          const request = { method: 'POST', mode: 'no-cors', credentials } as const;
          await fetch(path, { ...request, body: text }).catch(String);
        }
    },
    [[pause, call], body] as const,
  );
  for (const action of [pause, call]) {
    const answered = page.waitForResponse((answer) => answer.url() === action && answer.request().method() === 'POST');
    await page.evaluate(submitForm, [action, body] as const);
    expect((await answered).status()).toBe(403);
  }
  expect(await readEntity(stack, liveEntity)).toMatchObject({ activity: 'live' });
});

/** Runs in the page. The encoding is the nearest to JSON that a form can send. */
function submitForm([action, body]: readonly [string, string]): void {
  const frame = Object.assign(document.createElement('iframe'), { name: 'target' });
  const form = Object.assign(document.createElement('form'), { method: 'post', action, enctype: 'text/plain' });
  form.target = 'target';
  form.append(Object.assign(document.createElement('input'), { name: body, value: '' }));
  document.body.append(frame, form);
  form.submit();
}
