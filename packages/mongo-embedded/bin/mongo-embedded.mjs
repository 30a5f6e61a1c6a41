#!/usr/bin/env node
// Node 24 runs the sources as they are. An older one hands over to the `node` package that this workspace installs.
import { spawnSync } from 'node:child_process';
import * as nodeModule from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const majorVersionMin = 24;

if (Number(process.versions.node.split('.')[0]) >= majorVersionMin) {
  // Stripping the types of all files takes longer than starting them; the cache keeps the result.
  nodeModule.enableCompileCache();
  const { runCli } = await import('../src/cli.ts');
  await runCli(process.argv.slice(2));
} else {
  const node = join(dirname(nodeModule.createRequire(import.meta.url).resolve('node/package.json')), 'bin', 'node');
  const { status } = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
