import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'client',
    include: ['{src,test}/**/*.test.ts'],
    // A condition is waited for by looking again; the default of one second is too short on a busy machine.
    expect: { poll: { timeout: 20_000, interval: 20 } },
    globalSetup: ['../db/src/testing-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The tests with a running engine start real databases.
    maxWorkers: 1,
  },
});
