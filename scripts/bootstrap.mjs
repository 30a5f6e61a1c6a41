// First step of every npm script: prepares a fresh clone with only Node >= 20 and npm, then runs the TypeScript script
// given as the first argument. It has no dependencies because nothing may be installed yet.
//
//   node scripts/bootstrap.mjs <script.ts> [arguments…]
//
// 1. installs dependencies if node_modules is missing or does not match package-lock.json,
// 2. generates the Prisma client if prisma/schema.prisma is newer (1 and 2 while no other npm command of this clone does),
// 3. runs the script with the pinned Node (npm package `node`), which runs TypeScript directly.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { withSetupLock } from './setup-lock.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const nodeMajorMin = 20;

function fail(message) {
  process.stderr.write(`\n${message}\n`);
  process.exit(1);
}

function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return null;
  }
}

/**
 * npm records what it installed in node_modules/.package-lock.json, without optional packages of other platforms. The record
 * does not notice that a folder was deleted later, such as a workspace's own node_modules.
 */
function installIsCurrent() {
  const wanted = readJson(path.join(root, 'package-lock.json'))?.packages;
  const installed = readJson(path.join(root, 'node_modules', '.package-lock.json'))?.packages;
  if (!wanted || !installed) return false;
  return Object.entries(wanted).every(([place, entry]) => {
    if (!place.includes('node_modules/') || entry.optional || entry.devOptional || entry.peer) return true;
    const found = installed[place];
    if (found === undefined || !existsSync(path.join(root, place))) return false;
    return entry.link === true || found.version === entry.version;
  });
}

function npm(args) {
  // npm sets the path of its entry point in the environment of the scripts it runs.
  const cli = process.env.npm_execpath;
  const [command, first] = cli && /\.[cm]?js$/.test(cli) ? [process.execPath, [cli]] : ['npm', []];
  return spawnSync(command, [...first, ...args], { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
}

function install() {
  if (installIsCurrent()) return;
  process.stderr.write('Installing dependencies (npm ci). This happens once and takes a minute or two …\n');
  const result = npm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (result.status !== 0) {
    fail(
      'npm could not install the dependencies; see its message above.\n' +
        'Check that the npm registry is reachable (`npm ping`) and that this folder is writable, then try again.',
    );
  }
}

function generatePrismaClient() {
  const schema = path.join(root, 'prisma', 'schema.prisma');
  if (!existsSync(schema)) return;
  const target = path.join(root, 'packages', 'db', 'src', 'generated');
  const stamp = path.join(target, '.schema-hash');
  const version = readJson(path.join(root, 'node_modules', 'prisma', 'package.json'))?.version;
  const hash = createHash('sha256').update(`${version}\n`).update(readFileSync(schema)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  process.stderr.write('Generating the Prisma client …\n');
  const result = spawnSync(
    projectNode(),
    [path.join(root, 'node_modules', 'prisma', 'build', 'index.js'), 'generate'],
    {
      cwd: root,
      encoding: 'utf8',
      // `generate` downloads a schema engine that it does not use unless it is given one; any executable is accepted.
      env: {
        ...environment(),
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
        PRISMA_HIDE_UPDATE_MESSAGE: '1',
        CHECKPOINT_DISABLE: '1',
      },
    },
  );
  if (result.status !== 0) fail(`prisma generate failed:\n${result.stdout}\n${result.stderr}`);
  mkdirSync(target, { recursive: true });
  writeFileSync(stamp, hash);
}

/** The pinned Node; if its package has no binary for this platform, the current Node if that can run TypeScript. */
function projectNode() {
  const pinned = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  return fail(
    `The npm package "node" has no binary for ${process.platform}-${process.arch}; run this with Node 24 instead of ${process.version}.`,
  );
}

function environment() {
  const bin = path.join(root, 'node_modules', '.bin');
  const nodeBin = path.join(root, 'node_modules', 'node', 'bin');
  return {
    ...process.env,
    PATH: [bin, nodeBin, process.env.PATH].join(path.delimiter),
    NEXT_TELEMETRY_DISABLED: '1',
    TURBO_TELEMETRY_DISABLED: '1',
  };
}

function run(script, args) {
  const child = spawn(projectNode(), [path.resolve(root, script), ...args], {
    cwd: root,
    env: environment(),
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  // A terminal sends Ctrl-C to the whole process group: the script shuts down, and this process waits for it.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGTERM'));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}

if (Number(process.versions.node.split('.')[0]) < nodeMajorMin) {
  fail(`EMCachers needs Node ${nodeMajorMin} or newer; this is ${process.version}.`);
}
const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('usage: node scripts/bootstrap.mjs <script.ts> [arguments…]');
const onWait = () => process.stderr.write('Waiting for another npm command that prepares this clone …\n');
await withSetupLock({ root, onWait }, async () => {
  install();
  generatePrismaClient();
});
run(script, args);
