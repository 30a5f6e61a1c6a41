import path from 'node:path';
import { engineUrl } from '@emcachers/core/engine-url';
import { type Child, startChild, waitForHttp } from './child-process.ts';
import { buildConsole } from './console-build.ts';
import type { StartContext } from './context.ts';
import { createDemoEntities, type Demo, seedDemo, startDemoWriter } from './demo.ts';
import { startMongo } from './mongo.ts';
import { requireFreePort } from './ports.ts';
import { startPostgres } from './postgres.ts';
import { StartError } from './settings.ts';

const readyMsMax = 60_000;

/** A running part. Parts are stopped in the reverse order of their start. */
interface Part {
  readonly name: string;
  stop(): Promise<void>;
  readonly ended?: Promise<string>;
}

/** Runs the product until the signal aborts. Rejects if a part cannot be started or exits unexpectedly. */
export async function runProduct(context: StartContext, signal: AbortSignal): Promise<void> {
  const parts: Part[] = [];
  try {
    await requirePorts(context);
    await startParts(context, parts, signal);
    if (!signal.aborted) await untilStopped(parts, signal);
  } finally {
    await stopParts(context, parts);
  }
}

/** Only an operator's own server can be unreachable here. Its address may contain a password and is not shown. */
function refuseDemo(cause: unknown): never {
  const reason = cause instanceof Error ? cause.message : String(cause);
  throw new StartError(
    `EMC-2001: the demo data cannot be written: ${reason}\nCheck MONGO_URL, or set EMCACHERS_DEMO=off.`,
  );
}

async function requirePorts(context: StartContext): Promise<void> {
  const { settings } = context;
  await requireFreePort(settings.host, settings.enginePort, 'ENGINE_PORT');
  await requireFreePort('127.0.0.1', settings.consolePort, 'CONSOLE_PORT');
  if (settings.mongoUrl === null) await requireFreePort('127.0.0.1', settings.mongoPort, 'EMCACHERS_MONGO_PORT');
}

async function startParts(context: StartContext, parts: Part[], signal: AbortSignal): Promise<void> {
  const { progress, settings } = context;
  progress.say(`Starting EMCachers; data and logs are in ${settings.dataDir}`);
  const steps: (() => Promise<void>)[] = [];
  const urls = { mongo: settings.mongoUrl ?? '', database: settings.databaseUrl ?? '' };
  const url = engineUrl(settings.host, settings.enginePort);

  steps.push(() => progress.step('Building the console', () => buildConsole(context, signal)));
  if (settings.databaseUrl === null) {
    steps.push(async () => {
      const postgres = await progress.step('Starting PostgreSQL', () => startPostgres(context));
      urls.database = postgres.url;
      const ended = postgres.ended.then((words) => `PostgreSQL ended. ${words ?? ''}`);
      parts.push({ name: 'PostgreSQL', stop: postgres.stop, ended });
    });
  }
  if (settings.mongoUrl === null) {
    steps.push(async () => {
      const mongo = await progress.step('Starting MongoDB', () => startMongo(context));
      urls.mongo = mongo.url;
      parts.push(partOf('MongoDB', mongo.child));
      progress.say(`    ${mongo.label}`);
    });
  }
  let seeded = false;
  if (settings.demo) {
    steps.push(async () => {
      seeded = await progress.step('Checking the demo data', () => seedDemo(urls.mongo).catch(refuseDemo));
    });
  }
  steps.push(() => progress.step('Starting the engine', () => startEngine(context, parts, { urls, url })));
  steps.push(() => progress.step('Starting the console', () => startConsole(context, parts)));
  if (settings.demo) {
    steps.push(async () => {
      if (seeded) await progress.step('Creating the demo entities', () => createDemoEntities(url, settings.token));
      const demo: Demo = startDemoWriter(urls.mongo);
      parts.push({ name: 'Demo writer', stop: demo.stop });
    });
  }
  await runInOrder(steps, signal);
  if (!signal.aborted) sayReady(context, urls.mongo, url);
}

async function runInOrder(steps: readonly (() => Promise<void>)[], signal: AbortSignal): Promise<void> {
  for (const step of steps) {
    if (signal.aborted) return;
    await step();
  }
}

async function startEngine(
  context: StartContext,
  parts: Part[],
  { urls, url }: { urls: { mongo: string; database: string }; url: string },
): Promise<void> {
  const engine = startChild({
    name: 'engine',
    command: process.execPath,
    args: ['--import', context.exitWithParent, path.join(context.root, 'apps/engine/src/main.ts')],
    env: {
      ...context.env,
      MONGO_URL: urls.mongo,
      DATABASE_URL: urls.database,
      EMCACHERS_DATA_DIR: context.settings.dataDir,
    },
    cwd: context.root,
    logDir: context.logDir,
    logLimits: context.settings.logLimits,
    stopMsMax: context.settings.stopMsMax,
  });
  parts.push(partOf('The engine', engine));
  await waitForHttp(engine, `${url}/healthz`, readyMsMax);
}

async function startConsole(context: StartContext, parts: Part[]): Promise<void> {
  const { root, settings } = context;
  const webDir = path.join(root, 'apps/web');
  const child = startChild({
    name: 'console',
    command: process.execPath,
    args: [
      '--import',
      context.exitWithParent,
      path.join(root, 'node_modules/next/dist/bin/next'),
      'start',
      '--hostname',
      '127.0.0.1',
      '--port',
      String(settings.consolePort),
    ],
    env: {
      ...context.env,
      NEXT_TELEMETRY_DISABLED: '1',
      ENGINE_HOST: settings.host,
      ENGINE_PORT: String(settings.enginePort),
      CONSOLE_PORT: String(settings.consolePort),
    },
    cwd: webDir,
    logDir: context.logDir,
    logLimits: context.settings.logLimits,
    stopMsMax: context.settings.stopMsMax,
  });
  parts.push(partOf('The console', child));
  await waitForHttp(child, `http://127.0.0.1:${settings.consolePort}/`, readyMsMax);
}

function partOf(name: string, child: Child): Part {
  return { name, stop: () => child.stop(), ended: child.ended };
}

function sayReady(context: StartContext, mongoUrl: string, url: string): void {
  const { progress, settings } = context;
  progress.say('');
  const hint = settings.token === null ? '' : '  (sign in with the value of EMCACHERS_TOKEN)';
  progress.say(`  Console   http://127.0.0.1:${settings.consolePort}${hint}`);
  progress.say(`  API       ${url}/api/docs`);
  if (settings.mongoUrl === null) progress.say(`  MongoDB   ${mongoUrl}`);
  progress.say(`  Caches    ${path.join(settings.dataDir, 'dbs')}/<entity>/db.sqlite`);
  progress.say('');
  progress.say('Press Ctrl-C to stop. The data is kept for the next start.');
}

/** Resolves when asked to stop. Rejects if a part exits unexpectedly; then everything stops, and the next start recovers. */
async function untilStopped(parts: readonly Part[], signal: AbortSignal): Promise<void> {
  const asked = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
  const ends = parts.flatMap((part) => (part.ended === undefined ? [] : [part.ended]));
  const ended = await Promise.race([asked, ...ends]);
  if (ended !== null && !signal.aborted) {
    throw new StartError(`${ended}\n\nEverything is being stopped. Start again with npm start: nothing is lost.`);
  }
}

async function stopParts(context: StartContext, parts: readonly Part[]): Promise<void> {
  if (parts.length === 0) return;
  await context.progress.step('\nStopping', async () => {
    for (const part of parts.toReversed()) await part.stop();
  });
}
