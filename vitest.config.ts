import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['packages/*/vitest.config.ts', 'apps/*/vitest.config.ts', 'tidy/vitest.config.ts'],
    // Off unless `npm run coverage` or `npm test -- --coverage` asks for it; scripts/coverage holds the bounds.
    coverage: {
      provider: 'v8',
      // Vitest matches against each package's folder. What is left out of the figures is in coverage-rules.ts.
      include: ['src/**/*.{ts,tsx}'],
      exclude: ['**/*.test.{ts,tsx}', '**/generated/**'],
      // Child processes and worker threads count too, unless a signal ends them.
      autoAttachSubprocess: true,
      reporter: ['json'],
      // A failed test does not hide what the others covered.
      reportOnFailure: true,
    },
  },
});
