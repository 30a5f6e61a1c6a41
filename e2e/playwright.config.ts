import { defineConfig } from '@playwright/test';
import chromium from '@sparticuz/chromium';

/** One process for everything, as small hosts want it, ends the whole browser when one page closes. */
const ownArgs = chromium.args.filter((argument) => argument !== '--single-process');
/** A foreign name that points at this machine, as DNS rebinding makes it. */
const browserArgs = [...ownArgs, '--host-resolver-rules=MAP evil.example 127.0.0.1'];

/** The browser comes from npm, so that a bare machine needs nothing else; it runs headless and without a sandbox as root. */
export default defineConfig({
  testDir: '.',
  testMatch: '*.spec.ts',
  globalSetup: './stack.ts',
  // One stack and two cores: tests share the engine, each with its own database and entity names.
  workers: 1,
  fullyParallel: false,
  timeout: 90_000,
  expect: { timeout: 20_000 },
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  outputDir: 'test-results',
  use: {
    browserName: 'chromium',
    viewport: { width: 1280, height: 900 },
    locale: 'en-GB',
    timezoneId: 'UTC',
    trace: 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: await chromium.executablePath(), args: browserArgs },
  },
});
