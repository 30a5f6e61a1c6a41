import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { expect, test, vi } from 'vitest';
import { freePort, startEmbeddedPostgres } from './embedded-postgres.ts';

/** Below a directory that only its owner can enter, as mktemp creates them. */
async function temporaryDirectory() {
  const parent = await mkdtemp(join(tmpdir(), 'emcachers-embedded-'));
  const dispose = () => rm(parent, { recursive: true, force: true });
  return { directory: join(parent, 'postgres'), [Symbol.asyncDispose]: dispose };
}

const start = (directory: string, port = 0) => startEmbeddedPostgres({ directory, port, settings: ['fsync=off'] });

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const answer = await client.query({ text: sql, rowMode: 'array' });
    return answer.rows.flat();
  } finally {
    await client.end();
  }
}

/** Starts the server in a separate process, which prints the address and keeps running. */
async function startElsewhere(directory: string) {
  const module = fileURLToPath(new URL('./embedded-postgres.ts', import.meta.url));
  const script = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(module)});
    const server = await startEmbeddedPostgres({ directory: ${JSON.stringify(directory)}, port: 0, settings: ['fsync=off'] });
    console.log(server.url);
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (text: Buffer) => done(text.toString().trim()));
    child.once('exit', () => fail(new Error('The other process ended.')));
  });
  const kill = async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  };
  return { url, kill };
}

/** A process that has ended and that its parent does not wait for. */
async function startZombie() {
  const parent = spawn('sh', ['-c', 'sleep 1 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [text] = await once(parent.stdout, 'data');
  const pid = Number.parseInt(String(text), 10);
  await expect.poll(() => readStat(pid), { timeout: 20_000 }).toMatchObject({ state: 'Z' });
  return { pid, startTime: (await readStat(pid)).startTime, [Symbol.dispose]: () => parent.kill('SIGKILL') };
}

/** Fields 3 and 22 of proc(5). */
async function readStat(pid: number) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0], startTime: fields[19] };
}

async function postmasterPid(directory: string): Promise<number> {
  return Number.parseInt(await readFile(join(directory, 'postmaster.pid'), 'utf8'), 10);
}

test('starts in an empty directory, keeps its data across a restart, and is UTF-8 in the C locale', async () => {
  await using place = await temporaryDirectory();
  const first = await start(place.directory);
  await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  expect(
    await ask(
      first.url,
      'SELECT pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()',
    ),
  ).toEqual(['UTF8', 'C']);
  expect(await ask(first.url, "SELECT current_setting('listen_addresses')")).toEqual(['127.0.0.1']);
  await first.stop();
  expect(await first.ended).toBeNull();
  const second = await start(place.directory);
  expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([7]);
  await second.stop();
});

test('a wrong password is refused', async () => {
  await using place = await temporaryDirectory();
  const server = await start(place.directory);
  await expect(ask(server.url.replace(/:[0-9a-f]+@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(
    'password authentication failed',
  );
  expect((await stat(join(place.directory, 'emcachers.password'))).mode & 0o077).toBe(0);
  await server.stop();
});

test('a port in use is EMC-1002 and names the variable', async () => {
  await using place = await temporaryDirectory();
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((done) => other.listen({ host: '127.0.0.1', port }, done));
  await expect(start(place.directory, port)).rejects.toMatchObject({
    code: 'EMC-1002',
    hint: expect.stringContaining('EMCACHERS_POSTGRES_PORT'),
  });
  await new Promise((done) => other.close(done));
});

test('a directory that is not writable is EMC-1003', async () => {
  await using place = await temporaryDirectory();
  await writeFile(place.directory, 'a file');
  await expect(start(join(place.directory, 'postgres'))).rejects.toMatchObject({ code: 'EMC-1003' });
});

test('a directory that a living process uses is left alone', async () => {
  await using place = await temporaryDirectory();
  const server = await start(place.directory);
  await expect(start(place.directory)).rejects.toMatchObject({ code: 'EMC-1003' });
  expect(await ask(server.url, 'SELECT 1')).toEqual([1]);
  await server.stop();
});

test('after the parent was killed the next start succeeds and has all committed data', async () => {
  await using place = await temporaryDirectory();
  const killed = await startElsewhere(place.directory);
  await ask(killed.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await killed.kill();
  const next = await start(place.directory);
  expect(await ask(next.url, 'SELECT n FROM kept')).toEqual([7]);
  await next.stop();
});

test('an orphan that still runs is stopped first', async () => {
  await using place = await temporaryDirectory();
  const server = await start(place.directory);
  const orphan = await postmasterPid(place.directory);
  // The state after a kill on a system without parent-death signals: a server whose owner is dead.
  await writeFile(join(place.directory, 'emcachers.owner'), '999999 0');
  const next = await start(place.directory);
  expect(await postmasterPid(place.directory)).not.toBe(orphan);
  await server.ended;
  expect(await ask(next.url, 'SELECT 1')).toEqual([1]);
  await next.stop();
});

test.runIf(existsSync('/proc/self/stat'))('an owner that is a zombie counts as dead', async () => {
  await using place = await temporaryDirectory();
  const server = await start(place.directory);
  using owner = await startZombie();
  await writeFile(join(place.directory, 'emcachers.owner'), `${owner.pid} ${owner.startTime}`);
  const next = await start(place.directory);
  await server.ended;
  expect(await ask(next.url, 'SELECT 1')).toEqual([1]);
  await next.stop();
});

test('a pid file whose pid now belongs to another program does not prevent the start', async () => {
  await using place = await temporaryDirectory();
  await (await start(place.directory)).stop();
  await writeFile(join(place.directory, 'postmaster.pid'), `${process.pid}\n${place.directory}\n`);
  const server = await start(place.directory);
  expect(await ask(server.url, 'SELECT 1')).toEqual([1]);
  await server.stop();
});

test('an interrupted first start leaves nothing that a later start would mistake for a database', async () => {
  await using place = await temporaryDirectory();
  await mkdir(`${place.directory}.new`);
  await writeFile(`${place.directory}.new/PG_VERSION`, '18');
  const server = await start(place.directory);
  expect(await ask(server.url, 'SELECT 1')).toEqual([1]);
  await server.stop();
});

test('a directory with files that are not a database is left alone', async () => {
  await using place = await temporaryDirectory();
  await mkdir(place.directory);
  await writeFile(join(place.directory, 'thesis.txt'), 'years of work');
  await expect(start(place.directory)).rejects.toMatchObject({ code: 'EMC-1003' });
  expect(await readFile(join(place.directory, 'thesis.txt'), 'utf8')).toBe('years of work');
});

test('a setting that the server rejects is EMC-1003 with its own words', async () => {
  await using place = await temporaryDirectory();
  const lines: string[] = [];
  const starting = startEmbeddedPostgres({
    directory: place.directory,
    port: 0,
    settings: ['no_such_setting=1'],
    onLog: (line) => lines.push(line),
  });
  await expect(starting).rejects.toMatchObject({
    code: 'EMC-1003',
    detail: expect.stringMatching(/exited immediately: .*no_such_setting/s),
  });
  expect(lines.join()).toContain('no_such_setting');
});

test.runIf(process.getuid?.() === 0)(
  'root on a system without another account is EMC-1003 with the reason',
  async () => {
    await using place = await temporaryDirectory();
    // Neither setpriv nor id nor useradd can be found.
    vi.stubEnv('PATH', place.directory);
    try {
      await expect(start(place.directory)).rejects.toMatchObject({
        code: 'EMC-1003',
        detail: expect.stringContaining('cannot be run as root'),
      });
    } finally {
      vi.unstubAllEnvs();
    }
  },
);
