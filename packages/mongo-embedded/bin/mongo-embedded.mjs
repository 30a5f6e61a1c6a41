#!/usr/bin/env node
// Node 24 runs the sources as they are. An older one hands over to the `node` package if a workspace has installed it.
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
  process.exitCode = runWithInstalledNode();
}

function runWithInstalledNode() {
  let manifest;
  try {
    manifest = nodeModule.createRequire(import.meta.url).resolve('node/package.json');
  } catch {
    console.error(`mongo-embedded needs Node.js ${majorVersionMin} or newer. This is ${process.versions.node}.`);
    return 1;
  }
  const command = [fileURLToPath(import.meta.url), ...process.argv.slice(2)];
  return spawnSync(join(dirname(manifest), 'bin', 'node'), command, { stdio: 'inherit' }).status ?? 1;
}
