import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'db',
    // A condition is waited for by looking again; the default of one second is too short on a busy machine.
    expect: { poll: { timeout: 20_000, interval: 20 } },
    include: ['{src,test,contract}/**/*.test.ts'],
    globalSetup: ['./src/testing-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
