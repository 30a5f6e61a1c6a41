import { randomBytes } from 'node:crypto';
import { access, chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import pg from 'pg';
import { clearPreviousServer, recordOwner } from './embedded/previous-server.ts';
import { findServerAccount, type ServerAccount } from './embedded/server-account.ts';
import {
  findServerPrograms,
  type RunningProgram,
  type ServerPrograms,
  startProgram,
} from './embedded/server-programs.ts';

/**
 * Runs a real PostgreSQL from npm on loopback, with one data directory, for machines without a server. It recovers from crashes:
 * an incomplete directory is never used as a database, and neither a stale pid file nor an orphaned server prevents the
 * next start. Worst case: a start waits for an orphan to shut down.
 */
export interface EmbeddedPostgres {
  /** `postgres://…` URL of the database `emcachers`, for pg and Prisma. */
  readonly url: string;
  readonly port: number;
  /** Resolves when the server has exited; with its last output if it was not asked to stop. */
  readonly ended: Promise<string | null>;
  /** Fast shutdown: rolls back open transactions; everything committed is on disk. */
  stop(): Promise<void>;
}

/** Where the server keeps its data and where it listens. */
export interface EmbeddedPostgresOptions {
  /** Created if missing; owned by the account that runs the server. */
  readonly directory: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** Server settings as `name=value`; for tests only: `fsync=off` loses data if the machine crashes. */
  readonly settings?: readonly string[];
  /** Receives the server's log lines. Default: used for the message of a failed start, then dropped. */
  readonly onLog?: (line: string) => void;
}

const database = 'emcachers';
const readyWaitMsMax = 60_000;
const pollMs = 25;
const portWaitMsMax = 65_000;
const portRetryMs = 500;

/** Throws EMC-1002 if the port is in use, EMC-1003 if the directory is in use or cannot be used. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const account = await findServerAccount(directory);
  const programs = await findServerPrograms();
  await clearPreviousServer(directory);
  const port = options.port === 0 ? await freePort() : await checkedPort(options.port);
  const password = await prepareDirectory({ directory, account, programs });
  const server = await startProgram({
    account,
    file: programs.postgres,
    args: ['-D', directory, '-p', String(port), ...serverSettings(options.settings ?? [])],
    directory,
    diesWithParent: true,
    ...(options.onLog === undefined ? {} : { onLog: options.onLog }),
  });
  await recordOwner(directory);
  const url = (name: string) => `postgres://emcachers:${password}@127.0.0.1:${port}/${name}`;
  await waitUntilReady(server, { url: url('postgres'), port, directory });
  await createDatabase(url('postgres'));
  return { url: url(database), port, ended: server.ended, stop: () => stopServer(server) };
}

function serverSettings(extra: readonly string[]): string[] {
  const settings = [
    'listen_addresses=127.0.0.1',
    // No Unix socket: it needs a writable directory, and a killed server leaves the file behind.
    'unix_socket_directories=',
    'max_connections=100',
    'shared_buffers=128MB',
    // The oplog is written in bursts; with the default of 1 GB a scan waits for checkpoints.
    'max_wal_size=4GB',
    'jit=off',
    'log_min_messages=warning',
    'tcp_keepalives_idle=30',
    ...extra,
  ];
  return settings.flatMap((setting) => ['-c', setting]);
}

/** Initializes the directory as a database cluster if it is not one yet. Returns the password of its only account. */
async function prepareDirectory(place: {
  directory: string;
  account: ServerAccount;
  programs: ServerPrograms;
}): Promise<string> {
  const { directory, account, programs } = place;
  const passwordFile = join(directory, 'emcachers.password');
  if (await exists(join(directory, 'PG_VERSION'))) return (await readFile(passwordFile, 'utf8')).trim();
  // Created under another name and renamed when complete, so that an interrupted first start leaves no partial database.
  const draft = `${directory}.new`;
  if ((await readdir(directory).catch(() => [])).length > 0)
    throw new EmcachersError({
      code: 'EMC-1003',
      detail: `${directory} contains files that are not a database; they were not changed.`,
    });
  try {
    await rm(draft, { recursive: true, force: true });
    await mkdir(dirname(directory), { recursive: true });
    await mkdir(draft, { mode: 0o700 });
    if (account.ids !== null) await chown(draft, account.ids.uid, account.ids.gid);
  } catch (error) {
    throw new EmcachersError({ code: 'EMC-1003', detail: `${directory} cannot be created.`, cause: error });
  }
  const password = randomBytes(18).toString('hex');
  const draftPassword = `${draft}.password`;
  await writeFile(draftPassword, `${password}\n`, { mode: 0o600 });
  if (account.ids !== null) await chown(draftPassword, account.ids.uid, account.ids.gid);
  const initdb = await startProgram({
    account,
    file: programs.initdb,
    args: [
      '-D',
      draft,
      '-U',
      'emcachers',
      '-A',
      'scram-sha-256',
      '--pwfile',
      draftPassword,
      '-E',
      'UTF8',
      '--locale=C',
      '--no-instructions',
    ],
    directory: draft,
    diesWithParent: true,
  });
  const words = await initdb.ended;
  if (!(await exists(join(draft, 'PG_VERSION'))) || initdb.exitCode() !== 0)
    throw new EmcachersError({ code: 'EMC-1003', detail: `initdb failed in ${directory}: ${words ?? ''}` });
  await rename(draftPassword, join(draft, 'emcachers.password'));
  await rename(draft, directory);
  return password;
}

async function waitUntilReady(
  server: RunningProgram,
  place: { url: string; port: number; directory: string },
): Promise<void> {
  for (let waitedMs = 0; waitedMs < readyWaitMsMax; waitedMs += pollMs) {
    if (server.exitCode() !== null) throw startError((await server.ended) ?? '', place);
    const client = new pg.Client({ connectionString: place.url, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    const ready = await client.connect().then(
      () => true,
      () => false,
    );
    await client.end().catch(() => undefined);
    if (ready) return;
    await sleep(pollMs);
  }
  await stopServer(server);
  throw new EmcachersError({
    code: 'EMC-1003',
    detail: `PostgreSQL in ${place.directory} is not ready after a minute.`,
  });
}

function startError(words: string, place: { port: number; directory: string }): EmcachersError {
  if (words.includes('could not bind') || words.includes('Address already in use')) return portTaken(place.port);
  return new EmcachersError({
    code: 'EMC-1003',
    detail: `PostgreSQL in ${place.directory} exited immediately: ${words.trim()}`,
  });
}

async function createDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

async function stopServer(server: RunningProgram): Promise<void> {
  server.signal('SIGINT');
  const late = new AbortController();
  const slow = sleep(20_000, 'slow' as const, { signal: late.signal }).catch(() => null);
  if ((await Promise.race([server.ended, slow])) === 'slow') server.signal('SIGQUIT');
  late.abort();
  await server.ended;
}

/** A port that is free now. If another program takes it before the server does, the start fails with EMC-1002. */
export async function freePort(): Promise<number> {
  return listenOnce(0);
}

/**
 * A port in TIME-WAIT after a connection closed cannot be bound for up to a minute although nothing listens on it. We wait for
 * that to end, but fail at once if a program is listening.
 */
async function checkedPort(port: number): Promise<number> {
  for (let waitedMs = 0; ; waitedMs += portRetryMs) {
    try {
      return await listenOnce(port);
    } catch (error) {
      if (waitedMs >= portWaitMsMax || (await hasListener(port))) throw portTaken(port, error);
      await sleep(portRetryMs);
    }
  }
}

function hasListener(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function portTaken(port: number, cause?: unknown): EmcachersError {
  return new EmcachersError({
    code: 'EMC-1002',
    detail: `Port ${port} on 127.0.0.1 is in use; PostgreSQL cannot listen on it.`,
    hint: 'Stop the other program or set EMCACHERS_POSTGRES_PORT to a free port.',
    cause,
  });
}

async function listenOnce(port: number): Promise<number> {
  const server = createServer();
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    server.listen({ host: '127.0.0.1', port }, done);
  });
  const address = server.address();
  await new Promise((done) => server.close(done));
  return typeof address === 'object' && address !== null ? address.port : port;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
