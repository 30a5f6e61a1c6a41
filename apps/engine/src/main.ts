import process from 'node:process';
import { readCommandLine } from './config/command-line.ts';
import { type Config, defaultPlaces, loadConfig } from './config/config.ts';
import { type ConfigReport, checkReport, printReport } from './config/config-report.ts';
import { readSettingSources, type SettingPlaces } from './config/setting-sources.ts';
import { createLog } from './observability/log.ts';
import { passwordsOf, startMessage } from './observability/start-message.ts';
import { unlessAborted } from './runtime/abort.ts';
import { systemClock } from './runtime/clock.ts';
import { listenForShutdown } from './runtime/shutdown.ts';
import { StoppedBeforeStart } from './runtime/stopped-before-start.ts';

/** Runs the engine as a process (`npm run engine`). Logs go to standard output; the message of a failed start goes to standard error. */
process.exitCode = await main();
// All parts of the engine are closed. A driver's leftover timer or socket would keep the process alive.
process.exit();

async function main(): Promise<number> {
  using shutdown = listenForShutdown();
  const secrets: string[] = [];
  try {
    const { command, envFile } = readCommandLine(process.argv.slice(2));
    const places = { ...defaultPlaces(), envFile };
    if (command !== 'run') return report(command, places);
    const config = loadConfig(places);
    secrets.push(...passwordsOf([config.mongoUrl, config.databaseUrl]), config.token ?? '');
    return await runEngine(config, shutdown.requested);
  } catch (error) {
    process.stderr.write(`${startMessage(error, secrets)}\n`);
    return 1;
  }
}

function report(command: 'check-config' | 'print-config', places: SettingPlaces): number {
  const create = command === 'check-config' ? checkReport : printReport;
  const { lines, problems }: ConfigReport = create(readSettingSources(places));
  for (const line of lines) process.stdout.write(`${line}\n`);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

async function runEngine(config: Config, requested: AbortSignal): Promise<number> {
  const log = createLog(config.logLevel, process.stdout);
  if (config.unknownNames.length > 0)
    log.warn(
      { names: config.unknownNames },
      'Variables with the prefix EMCACHERS_ that are not settings have no effect.',
    );
  // A check of the settings must not need the drivers of the databases, which take most of the time of a start.
  const { startEngine } = await import('./engine.ts');
  const engine = await startEngine({ config, clock: systemClock, log, random: Math.random, signal: requested }).catch(
    (error: unknown) => {
      if (error instanceof StoppedBeforeStart) return null;
      throw error;
    },
  );
  if (engine === null) {
    log.info({ reason: 'signal' }, 'Stopped before the engine had started.');
    return 0;
  }
  const fatal = await unlessAborted(engine.fatal, requested);
  log.info({ reason: fatal?.code ?? 'signal' }, 'Engine is stopping.');
  const hung = await engine.stop();
  if (hung.length > 0) log.error({ hung }, 'Some parts did not stop in time. Nothing that they had committed is lost.');
  if (fatal !== null) throw fatal;
  return hung.length === 0 ? 0 : 1;
}
