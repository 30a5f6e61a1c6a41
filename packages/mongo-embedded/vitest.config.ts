import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'mongo-embedded', include: ['{src,test,contract}/**/*.test.ts'], testTimeout: 30_000 },
});
