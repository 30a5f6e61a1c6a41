import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Generates the Prisma client from prisma/schema.prisma. `prisma generate` downloads a schema engine that it does not use
 * unless it is given one. Any executable is accepted, so this works offline.
 */
const require = createRequire(import.meta.url);
const prisma = join(dirname(require.resolve('prisma/package.json')), 'build', 'index.js');
const result = spawnSync(process.execPath, [prisma, 'generate'], {
  cwd: fileURLToPath(new URL('../../..', import.meta.url)),
  env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, PRISMA_HIDE_UPDATE_MESSAGE: '1' },
  stdio: 'inherit',
});
process.exitCode = result.status ?? 1;
