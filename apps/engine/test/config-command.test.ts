import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempDisposableSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

/** Appears in every secret of this file. */
const secret = 'hunter2';
const servers = {
  MONGO_URL: `mongodb://u:${secret}@127.0.0.1:1/`,
  DATABASE_URL: `postgres://u:${secret}@127.0.0.1:1/emc`,
};

interface Outcome {
  readonly code: number | null;
  readonly out: readonly string[];
  readonly problems: readonly string[];
}

/** Runs the engine's command line in a folder, with exactly this environment. */
async function engine(folder: string, args: readonly string[], environment: Record<string, string>): Promise<Outcome> {
  const main = path.join(import.meta.dirname, '../src/main.ts');
  const child = spawn(process.execPath, [main, ...args], {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, problems, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  expect(out + problems).not.toContain(secret);
  return { code, out: linesOf(out), problems: linesOf(problems) };
}

function linesOf(output: string): readonly string[] {
  return output.split('\n').filter((line) => line !== '');
}

test('--check-config lists everything that is wrong at once, with code and next step, and starts nothing', async () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-check-'));
  writeFileSync(path.join(folder.path, 'edge.env'), 'ENGINE_PORT=http\nEMCACHERS_JOB_MAX=3\n');
  const { MONGO_URL } = servers;
  const args = ['--check-config', '--env-file', 'edge.env'];
  const { code, out, problems } = await engine(folder.path, args, { MONGO_URL, EMCACHERS_LEASE_MS: '1' });
  expect({ code, out }).toEqual({ code: 1, out: [] });
  expect(problems).toEqual([
    'EMC-1001 EMCACHERS_JOB_MAX in edge.env is not a setting. Did you mean EMCACHERS_JOBS_MAX?',
    expect.stringMatching(/^EMC-1001 EMCACHERS_LEASE_MS is not a whole number .*Set EMCACHERS_LEASE_MS to/),
    expect.stringMatching(/^EMC-1001 ENGINE_PORT is not a port number .*Set ENGINE_PORT to/),
    expect.stringMatching(/^EMC-1001 DATABASE_URL is not set\. Set DATABASE_URL/),
  ]);
});

test('--check-config accepts what the engine would start with', async () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-check-'));
  writeFileSync(path.join(folder.path, '.env'), 'ENGINE_PORT=4100\nUNRELATED=1\n');
  const { code, out, problems } = await engine(folder.path, ['--check-config'], servers);
  expect({ code, problems }).toEqual({ code: 0, problems: [] });
  expect(out).toEqual(['The settings are valid: 1 from .env, 2 from the environment; the others are defaults.']);
});

test('--print-config prints each value with its source, and no secret', async () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-print-'));
  writeFileSync(path.join(folder.path, 'emcachers.config.yaml'), 'LOG_LEVEL: warn\nENGINE_PORT: 4100\n');
  const long = `${secret}-`.repeat(5);
  const dotEnv = `ENGINE_PORT=4200\nEMCACHERS_TOKEN=${long}\nEMCACHERS_MASK_KEY=${long}\n`;
  writeFileSync(path.join(folder.path, '.env'), dotEnv);
  const { code, out, problems } = await engine(folder.path, ['--print-config'], servers);
  expect({ code, problems }).toEqual({ code: 0, problems: [] });
  expect(out).toEqual(
    expect.arrayContaining([
      'LOG_LEVEL=warn  # emcachers.config.yaml',
      'ENGINE_PORT=4200  # .env',
      'EMCACHERS_TOKEN=***  # .env',
      'EMCACHERS_MASK_KEY=***  # .env',
      'MONGO_URL=mongodb://***@127.0.0.1:1/  # environment',
      'EMCACHERS_BATCH_LINGER_MS=5  # default',
    ]),
  );
});

test('an unknown argument is refused with those that exist', async () => {
  using folder = mkdtempDisposableSync(path.join(tmpdir(), 'emcachers-print-'));
  const { code, problems } = await engine(folder.path, ['--chek-config'], servers);
  expect(code).toBe(1);
  expect(problems.join(' ')).toMatch(/EMC-1001 .*--chek-config.*--check-config/);
});
