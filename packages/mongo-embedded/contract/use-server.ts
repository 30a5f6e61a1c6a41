/** Gives a test file its server: started before its tests, stopped after them. */
import { afterAll, beforeAll } from 'vitest';
import { type ServerUnderTest, serverUnderTest } from './server-under-test.ts';

/** Registers the hooks; the returned function answers the running server inside tests. */
export function useServer(): () => ServerUnderTest {
  let server: ServerUnderTest | undefined;
  beforeAll(async () => {
    server = await serverUnderTest();
  });
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
  });
  return () => {
    if (server === undefined) throw new Error('the server under test is not running');
    return server;
  };
}
