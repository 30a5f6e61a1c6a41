import process from 'node:process';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { loadConfig } from './config/config.ts';
import { startEngine } from './engine.ts';
import { createLog, redactCredentials } from './observability/log.ts';
import { unlessAborted } from './runtime/abort.ts';
import { systemClock } from './runtime/clock.ts';
import { listenForShutdown } from './runtime/shutdown.ts';

/** Runs the engine as a process (`npm run engine`). Logs go to standard output; the message of a failed start goes to standard error. */
process.exitCode = await main();
// All parts of the engine are closed. A driver's leftover timer or socket would keep the process alive.
process.exit();

async function main(): Promise<number> {
  using shutdown = listenForShutdown();
  try {
    return await runEngine(shutdown.requested);
  } catch (error) {
    process.stderr.write(`${redactCredentials(startMessage(error))}\n`);
    return 1;
  }
}

async function runEngine(requested: AbortSignal): Promise<number> {
  const config = loadConfig();
  const log = createLog(config.logLevel, process.stdout);
  const engine = await startEngine({ config, clock: systemClock, log, random: Math.random, signal: requested });
  const fatal = await unlessAborted(engine.fatal, requested);
  log.info({ reason: fatal?.code ?? 'signal' }, 'Engine is stopping.');
  const hung = await engine.stop();
  if (hung.length > 0) log.error({ hung }, 'Some parts did not stop in time. Nothing that they had committed is lost.');
  if (fatal !== null) throw fatal;
  return hung.length === 0 ? 0 : 1;
}

/** One message with the problem and its remedy. Includes a stack trace only for a defect of the engine. */
function startMessage(error: unknown): string {
  if (error instanceof EmcachersError) return `${error.code} ${error.entry.title}. ${error.detail}\n${error.hint}`;
  return `The engine could not start: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`;
}
