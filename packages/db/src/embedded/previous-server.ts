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
  return (await describeProcess(pid, 'command=')).includes('postgres');
}

async function processIdentity(pid: number): Promise<string> {
  return `${pid} ${await describeProcess(pid, 'lstart=')}`;
}

/** Reads `/proc` if it exists, because small images have no `ps`. */
async function describeProcess(pid: number, field: 'command=' | 'lstart='): Promise<string> {
  const file = field === 'command=' ? 'cmdline' : 'stat';
  const text = await readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => null);
  if (text !== null) return field === 'command=' ? text : startTicks(text);
  const answer = await run('ps', ['-o', field, '-p', String(pid)]).catch(() => ({ stdout: '' }));
  return answer.stdout.trim();
}

/** Field 22 of /proc/<pid>/stat, proc(5); counted from the closing parenthesis of the command, which may contain spaces. */
function startTicks(statText: string): string {
  return statText.slice(statText.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
