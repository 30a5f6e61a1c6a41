import type { Writable } from 'node:stream';
import { engineUrl } from '@emcachers/core/engine-url';
import { Command, Option } from 'commander';
import { CliError } from './cli-error.ts';
import { createEngineClient, type EngineClient } from './engine-client.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';
import { type Answer, type OutputFormat, outputFormats, writeAnswer } from './output/output.ts';

/** What a command may touch of the world. */
export interface CliWorld {
  readonly stdout: Pick<Writable, 'write'> & { readonly isTTY?: boolean };
  readonly stderr: Pick<Writable, 'write'> & { readonly isTTY?: boolean };
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof globalThis.fetch;
  /** Aborts on SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
}

/** One call of a command. */
export interface CliCall {
  readonly world: CliWorld;
  readonly engine: EngineClient;
  readonly format: OutputFormat;
  /** Writes an answer to standard output in the format that was asked for. */
  answer(answer: Answer): void;
  /** Writes a line about what is going on to standard error. */
  note(text: string): void;
}

/** Adds commands to the program; `run` is called by each of them. */
export type AddCommands = (program: Command, run: RunCommand) => void;

/** Turns what a command does into what Commander calls. The arguments are the command's own, then its options. */
export type RunCommand = <Args extends unknown[]>(
  work: (call: CliCall, ...args: Args) => Promise<ExitCode | undefined>,
) => (...args: Args) => Promise<void>;

interface GlobalOptions {
  readonly url?: string;
  readonly timeout: number;
  readonly output: OutputFormat;
}

/** The options of every command, and what a call is made of. */
export function createProgram(world: CliWorld): Command {
  const output = new Option('-o, --output <format>', 'format of the answer').choices(outputFormats).default('table');
  return new Command('emcachers')
    .description('Operates EMCachers: local, SQL-readable copies of MongoDB collections.')
    .option('--url <url>', "the engine's address (default: EMCACHERS_URL, else http://127.0.0.1:4000)")
    .option('--timeout <seconds>', 'longest wait for an answer', positiveNumber, 30)
    .addOption(output)
    .addHelpText('after', '\nThe token is read from EMCACHERS_TOKEN. docs/cli.md lists the exit codes.')
    .exitOverride()
    .configureOutput({
      writeOut: (text) => world.stdout.write(text),
      writeErr: (text) => world.stderr.write(text),
    });
}

export function callOf(program: Command, world: CliWorld): CliCall {
  const { url, timeout, output } = program.opts<GlobalOptions>();
  const { environment, fetch, signal } = world;
  const token = environment['EMCACHERS_TOKEN'] ?? null;
  return {
    world,
    format: output,
    engine: createEngineClient({
      ...{ url: checkedUrl(url ?? defaultUrl(environment)), fetch, signal },
      ...{ token: token === '' ? null : token, timeoutMs: timeout * 1_000 },
    }),
    answer: (answer) => writeAnswer(world.stdout, answer, output),
    note: (text) => {
      world.stderr.write(`${text}\n`);
    },
  };
}

function defaultUrl(environment: CliWorld['environment']): string {
  const { EMCACHERS_URL: url, ENGINE_HOST: host = '127.0.0.1', ENGINE_PORT: port = '4000' } = environment;
  return url ?? engineUrl(host, Number(port));
}

function checkedUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : null;
  if (parsed !== null && ['http:', 'https:'].includes(parsed.protocol)) return parsed.origin;
  throw new CliError(`${url} is not the address of an engine.`, {
    exitCode: exitCodes.usage,
    hint: 'Write it as http://host:port.',
  });
}

/** For options with a number. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new CliError(`${text} is not a number above 0.`, { exitCode: exitCodes.usage });
}

/** For options with JSON, for example `--ids '[1, 2]'`. */
export function jsonOption(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(`${text} is not JSON.`, {
      exitCode: exitCodes.usage,
      hint: 'Quote it for the shell, for example \'{"status":"open"}\'.',
      cause: error,
    });
  }
}
