import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'engine',
    // A condition is waited for by looking again; the default of one second is too short on a busy machine.
    expect: { poll: { timeout: 20_000, interval: 20 } },
    include: ['{src,test,contract}/**/*.test.ts'],
    globalSetup: ['../../packages/db/src/testing-setup.ts'],
    setupFiles: ['test/support/seeded-properties.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each file starts real databases; more at once would measure the machine instead of the engine.
    maxWorkers: 1,
  },
});
