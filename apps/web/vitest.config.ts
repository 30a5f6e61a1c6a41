import { defineConfig } from 'vitest/config';

/**
 * Component tests (`*.test.tsx`) ask for jsdom in their first line; all others run without a document. Files share a
 * worker's modules, because loading React and jsdom for each file takes longer than the tests.
 */
export default defineConfig({
  test: {
    name: 'web',
    include: ['src/**/*.test.{ts,tsx}'],
    isolate: false,
    testTimeout: 40_000,
    // A condition is waited for by looking again; the default of one second is too short on a busy machine.
    expect: { poll: { timeout: 20_000, interval: 20 } },
  },
});
