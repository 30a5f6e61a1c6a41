import process from 'node:process';
import { type Config, loadConfig } from './config/config.ts';
import { startEngine } from './engine.ts';
import { createLog } from './observability/log.ts';
import { passwordsOf, startMessage } from './observability/start-message.ts';
import { unlessAborted } from './runtime/abort.ts';
import { systemClock } from './runtime/clock.ts';
import { listenForShutdown } from './runtime/shutdown.ts';

/** Runs the engine as a process (`npm run engine`). Logs go to standard output; the message of a failed start goes to standard error. */
process.exitCode = await main();
// All parts of the engine are closed. A driver's leftover timer or socket would keep the process alive.
process.exit();

async function main(): Promise<number> {
  using shutdown = listenForShutdown();
  const secrets: string[] = [];
  try {
    const config = loadConfig();
    secrets.push(...passwordsOf([config.mongoUrl, config.databaseUrl]), config.token ?? '');
    return await runEngine(config, shutdown.requested);
  } catch (error) {
    process.stderr.write(`${startMessage(error, secrets)}\n`);
    return 1;
  }
}

async function runEngine(config: Config, requested: AbortSignal): Promise<number> {
  const log = createLog(config.logLevel, process.stdout);
  const engine = await startEngine({ config, clock: systemClock, log, random: Math.random, signal: requested });
  const fatal = await unlessAborted(engine.fatal, requested);
  log.info({ reason: fatal?.code ?? 'signal' }, 'Engine is stopping.');
  const hung = await engine.stop();
  if (hung.length > 0) log.error({ hung }, 'Some parts did not stop in time. Nothing that they had committed is lost.');
  if (fatal !== null) throw fatal;
  return hung.length === 0 ? 0 : 1;
}
