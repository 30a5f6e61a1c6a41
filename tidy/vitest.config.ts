import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { name: 'tidy', include: ['tidy/*.test.ts'], root: new URL('..', import.meta.url).pathname },
});
