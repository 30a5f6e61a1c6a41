import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { EmcachersError } from '@emcachers/core/emcachers-error';

const run = promisify(execFile);
const stopWaitMsMax = 20_000;
const pollMs = 50;
const ownerFile = 'emcachers.owner';

/**
 * Handles a server that an earlier process left running on this data directory. If its owner is still alive, it belongs to another
 * engine and is left alone. If not, it is an orphan and is stopped: two servers on one directory, or a server that is never
 * stopped, would be worse than a short wait.
 */
export async function clearPreviousServer(directory: string): Promise<void> {
  const pid = await postmasterPid(directory);
  if (pid === null) return;
  if (!(await isPostgres(pid))) {
    // The pid in the stale file now belongs to another program, which PostgreSQL would mistake for a running server.
    await rm(join(directory, 'postmaster.pid'), { force: true });
    return;
  }
  const owner = await readFile(join(directory, ownerFile), 'utf8').catch(() => '');
  if (owner !== '' && owner === (await processIdentity(Number.parseInt(owner, 10)))) {
    throw new EmcachersError({
      code: 'EMC-1003',
      detail: `Process ${Number.parseInt(owner, 10)} is running PostgreSQL in ${directory}.`,
    });
  }
  await stopProcess(pid);
}

/** Records which process started the server, with its start time, so that a reused pid is not mistaken for it. */
export async function recordOwner(directory: string): Promise<void> {
  await writeFile(join(directory, ownerFile), await processIdentity(process.pid));
}

/** Sends SIGINT (fast shutdown), then SIGQUIT (immediate; recovers at the next start) if that takes too long. */
async function stopProcess(pid: number): Promise<void> {
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) {
    try {
      process.kill(pid, signal);
    } catch {
      return;
    }
    for (let waitedMs = 0; waitedMs < stopWaitMsMax; waitedMs += pollMs) {
      await sleep(pollMs);
      if (!isAlive(pid)) return;
    }
  }
  throw new EmcachersError({ code: 'EMC-1003', detail: `PostgreSQL process ${pid} does not stop.` });
}

async function postmasterPid(directory: string): Promise<number | null> {
  const text = await readFile(join(directory, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number.parseInt(text, 10);
  return Number.isSafeInteger(pid) && pid > 0 && isAlive(pid) ? pid : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function isPostgres(pid: number): Promise<boolean> {
  return (await readCommand(pid)).includes('postgres');
}

/** The pid with its start time, or '' if the process has ended. */
async function processIdentity(pid: number): Promise<string> {
  const startTime = await readStartTime(pid);
  return startTime === '' ? '' : `${pid} ${startTime}`;
}

/** Reads `/proc` if it exists, because small images have no `ps`. */
async function readCommand(pid: number): Promise<string> {
  return (await readProc(pid, 'cmdline')) ?? (await ps(pid, 'command='));
}

/**
 * A zombie (a process that has ended and whose parent has not waited for it) keeps its pid and its start time: a container
 * without an init process has many. It runs nothing, so it has no start time here.
 */
async function readStartTime(pid: number): Promise<string> {
  const text = await readProc(pid, 'stat');
  if (text === null) return (await ps(pid, 'stat=')).startsWith('Z') ? '' : ps(pid, 'lstart=');
  // proc(5), counted from the closing parenthesis of the command, which may contain spaces: field 3 is the state, 22 the start.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
}

/** Null where there is no `/proc`, and for a pid without a process. */
async function readProc(pid: number, file: 'cmdline' | 'stat'): Promise<string | null> {
  return readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => null);
}

async function ps(pid: number, field: 'command=' | 'lstart=' | 'stat='): Promise<string> {
  const answer = await run('ps', ['-o', field, '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return answer.stdout.trim();
}
