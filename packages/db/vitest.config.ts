import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    name: 'db',
    include: ['{src,test,contract}/**/*.test.ts'],
    globalSetup: ['./src/testing-setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
