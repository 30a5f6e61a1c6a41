import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import path from 'node:path';
import { expect, test } from 'vitest';
import { eventually } from './support/api-client.ts';
import { converged } from './support/convergence.ts';
import { startEngineProcess } from './support/engine-process.ts';
import { faultProxy } from './support/fault-proxy.ts';
import { randomFrom } from './support/seeded-random.ts';
import { insertOrders, orderShape, orders } from './support/shop.ts';
import { createStack } from './support/stack.ts';

/** Nobody listens on port 1 of this machine. */
const nowhere = '127.0.0.1:1';

async function lastWords(environment: Record<string, string>) {
  await using running = startEngineProcess(environment);
  const { code, words } = await running.ended;
  expect(code).toBe(1);
  return words;
}

test('a missing prerequisite ends the start with one message that names the variable', async () => {
  await using stack = await createStack();
  const words = await Promise.all([
    lastWords(
      stack.environment({
        MONGO_URL: `mongodb://app:hunter2@${nowhere}/?directConnection=true`,
        EMCACHERS_FAIL_AFTER_SECONDS: '5',
      }),
    ),
    lastWords(stack.environment({ DATABASE_URL: `postgres://app:hunter2@${nowhere}/emc` })),
  ]);
  expect(words[0]).toMatch(/EMC-2001.*MONGO_URL/s);
  expect(words[1]).toMatch(/EMC-3001.*DATABASE_URL/s);
  expect(words.join()).not.toContain('hunter2');
  expect(await lastWords(stack.environment({ MONGO_URL: '' }))).toMatch(/EMC-1001.*MONGO_URL is not set/s);
  expect(await lastWords(stack.environment({ EMCACHERS_DATA_DIR: '/proc/nowhere' }))).toMatch(
    /EMC-1003.*EMCACHERS_DATA_DIR/s,
  );
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s while the engine waits for PostgreSQL at its start ends it with code 0',
  async (signal) => {
    await using stack = await createStack();
    const asked = Promise.withResolvers<void>();
    // It accepts connections and never answers.
    const silent = createServer(() => asked.resolve()).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    await using running = startEngineProcess(
      stack.environment({
        DATABASE_URL: `postgres://app:hunter2@127.0.0.1:${port}/emc`,
        EMCACHERS_FAIL_AFTER_SECONDS: '600',
      }),
    );
    try {
      await asked.promise;
      running.child.kill(signal);
      const { code, words } = await running.ended;
      expect(code).toBe(0);
      expect(words).toContain('Stopped before the engine had started.');
    } finally {
      silent.close();
    }
  },
);

test('without MongoDB a node starts, follows the oplog and says what it waits for; ingest begins when MongoDB answers', {
  timeout: 180_000,
}, async () => {
  await using stack = await createStack();
  await insertOrders(orders(stack.mongo), 500, randomFrom(1));
  {
    await using first = await stack.engine();
    await first.api.create(orderShape('orders'));
    await first.api.untilLive('orders');
  }
  await using proxy = await faultProxy(Number(new URL(stack.mongoUrl.replace(/^mongodb:/, 'http:')).port));
  proxy.cut();
  const elsewhere = path.join(stack.dataDir, '..', 'elsewhere');
  await using running = await stack.engine({
    MONGO_URL: `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`,
    EMCACHERS_DATA_DIR: elsewhere,
  });
  await converged({ mongo: stack.mongo, dataDir: elsewhere }, orderShape('orders'));
  expect(running.logLines.join('')).toMatch(/EMC-2001.*MongoDB does not answer at MONGO_URL/);
  const view = await eventually(async () => {
    const seen = await running.api.entity('orders');
    return seen.health !== 'ok' && /MONGO_URL|change stream/i.test(seen.reason ?? '') ? seen : null;
  }, 'the status to say that MongoDB does not answer');
  expect(view.documents).toBe(500);
  await orders(stack.mongo).deleteOne({ _id: 1 });
  proxy.restore();
  await converged({ mongo: stack.mongo, dataDir: elsewhere }, orderShape('orders'));
});

test('the error for a port in use names the variable', async () => {
  await using stack = await createStack();
  const other = createServer();
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  const address = other.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await lastWords(stack.environment({ ENGINE_PORT: String(port) }))).toMatch(/EMC-1002.*ENGINE_PORT/s);
  other.close();
});
