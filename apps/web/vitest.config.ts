import { defineConfig } from 'vitest/config';

/** Component tests (`*.test.tsx`) ask for jsdom in their first line; all others run without a document. */
export default defineConfig({ test: { name: 'web', include: ['src/**/*.test.{ts,tsx}'] } });
