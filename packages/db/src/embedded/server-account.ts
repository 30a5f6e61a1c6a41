import { execFile } from 'node:child_process';
import { access, constants, stat } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/**
 * The account that PostgreSQL's processes run under. PostgreSQL refuses to run as root, so if we are root an unprivileged
 * account is used; otherwise our own.
 */
export interface ServerAccount {
  /** Null: our own account. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
  /** Path of util-linux `setpriv`, or null if not installed (macOS, Alpine). */
  readonly setpriv: string | null;
}

/** A program to spawn, with the account that it runs under; without `uid` and `gid`, as this process. */
export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
}

/** Chooses the account; an existing data directory keeps its owner. */
export async function findServerAccount(directory: string): Promise<ServerAccount> {
  const setpriv = process.platform === 'linux' ? await findOnPath('setpriv') : null;
  if (process.getuid?.() !== 0) return { ids: null, setpriv };
  const owner = await stat(join(directory, 'PG_VERSION')).catch(() => null);
  if (owner !== null && owner.uid !== 0) return { ids: { uid: owner.uid, gid: owner.gid }, setpriv };
  const known = await accountIds('postgres');
  if (known !== null) return { ids: known, setpriv };
  await run('useradd', ['--system', '--no-create-home', '--user-group', 'postgres']).catch(() => null);
  return { ids: (await accountIds('postgres')) ?? (await accountIds('nobody')), setpriv };
}

/**
 * The command line that runs `file` under the account. With `setpriv` the kernel ends the server if we are killed.
 * As root, the server keeps one capability, to reach its files below a directory that only root may enter, such as one
 * made by mktemp.
 */
export function commandAs(
  account: ServerAccount,
  file: string,
  options: { args: readonly string[]; diesWithParent: boolean; reach: boolean },
): Command {
  const { ids, setpriv } = account;
  if (setpriv === null) return { file, args: options.args, ...ids };
  const flags = options.diesWithParent ? ['--pdeathsig', 'INT'] : [];
  if (ids !== null) flags.push('--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups');
  if (ids !== null && options.reach) flags.push('--inh-caps', '+dac_override', '--ambient-caps', '+dac_override');
  if (flags.length === 0) return { file, args: options.args };
  return { file: setpriv, args: [...flags, '--', file, ...options.args] };
}

/** The first directory above `path` that other accounts cannot enter, or null. */
export async function closedAncestor(path: string): Promise<string | null> {
  const closed: string[] = [];
  for (let directory = dirname(path); ; directory = dirname(directory)) {
    const status = await stat(directory).catch(() => null);
    if (status !== null && (status.mode & 0o001) === 0) closed.push(directory);
    if (directory === dirname(directory)) return closed.at(-1) ?? null;
  }
}

async function accountIds(name: string): Promise<{ uid: number; gid: number } | null> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return null;
  }
}

async function findOnPath(name: string): Promise<string | null> {
  for (const directory of (process.env['PATH'] ?? '').split(delimiter)) {
    const file = join(directory, name);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return null;
}
