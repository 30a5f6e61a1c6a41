import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'engine',
    include: ['{src,test,contract}/**/*.test.ts'],
    globalSetup: ['../../packages/db/src/testing-setup.ts'],
    setupFiles: ['test/support/seeded-properties.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each file starts real databases; more at once would measure the machine instead of the engine.
    maxWorkers: 1,
  },
});
