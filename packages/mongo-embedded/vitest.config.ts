import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'mongo-embedded',
    include: ['{src,test,contract}/**/*.test.ts'],
    testTimeout: 30_000,
    // A condition is waited for by looking again; the default of one second is too short on a busy machine.
    expect: { poll: { timeout: 20_000, interval: 20 } },
  },
});
