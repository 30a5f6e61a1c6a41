import { once } from 'node:events';
import { Agent, IncomingMessage, request } from 'node:http';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { type WildRequest, wildRequest } from './support/request-arbitrary.ts';
import './support/seeded-properties.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

const runs = 160;
const atOnce = 20;
const answerMsMax = 15_000;
const timeMsMax = 240_000;

const problem = z.object({ code: z.string().regex(/^EMC-\d{4}$/), detail: z.string().min(1), hint: z.string().min(1) });
const trpcError = z.object({ error: z.object({ data: z.object({ emcCode: z.string(), hint: z.string().min(1) }) }) });

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

async function send(url: string, wild: WildRequest, agent: Agent): Promise<Answer> {
  const { port } = new URL(url);
  const { method, path, headers } = wild;
  const signal = AbortSignal.timeout(answerMsMax);
  const outgoing = request({ host: '127.0.0.1', port, method, path, headers, agent, signal });
  outgoing.end(wild.body ?? undefined);
  const [answer] = await once(outgoing, 'response', { signal });
  if (!(answer instanceof IncomingMessage)) throw new Error('There is no response.');
  const head = { status: answer.statusCode ?? 0, type: answer.headers['content-type'] ?? '' };
  if (head.type.startsWith('text/event-stream')) {
    answer.destroy();
    return { ...head, text: '' };
  }
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += String(chunk);
  return { ...head, text };
}

/** What is wrong with an answer, or null. */
function faultOf({ method, path }: WildRequest, { status, type, text }: Answer): string | null {
  if (status >= 500) return `${status}: ${text}`;
  if (status < 400 || method === 'HEAD') return null;
  const isTold = type.includes('application/problem+json')
    ? problem.safeParse(JSON.parse(text)).success
    : path.startsWith('/trpc/') && [JSON.parse(text)].flat().every((each) => trpcError.safeParse(each).success);
  return isTold ? null : `${status} without a code or a next step: ${text}`;
}

test('no request of any client, however wrong, gets a 5xx, hangs, or an error without a code and a next step', async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 20, randomFrom(1));
  await using running = await stack.engine();
  await running.api.create(orderShape('orders'));
  await running.api.untilLive('orders');
  const agent = new Agent({ keepAlive: true, maxSockets: atOnce });
  let sent = 0;
  const property = fc.asyncProperty(fc.array(wildRequest, { minLength: atOnce, maxLength: atOnce }), async (batch) => {
    const faults = await Promise.all(
      batch.map(async (wild) => {
        const answer = await send(running.engine.url, wild, agent).catch((error: unknown) => ({
          error: String(error),
        }));
        sent += 1;
        const fault = 'error' in answer ? answer.error : faultOf(wild, answer);
        return fault === null ? [] : [{ wild, fault }];
      }),
    );
    expect(faults.flat()).toEqual([]);
  });
  const bound = { interruptAfterTimeLimit: timeMsMax, markInterruptAsFailure: true, endOnFailure: true };
  await fc.assert(property, { numRuns: runs, ...bound });
  agent.destroy();
  expect(sent).toBe(runs * atOnce);
  expect((await running.api.request('GET', '/healthz')).status).toBe(200);
  expect(running.logLines.filter((line) => line.includes('"level":50'))).toEqual([]);
}, 300_000);
