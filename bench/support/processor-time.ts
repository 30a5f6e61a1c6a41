import { readdirSync, readFileSync } from 'node:fs';

/** Processor time from `/proc`, so Linux only. A wall time says as much about the machine's load as about the work. */

/** Of Linux, on all its usual platforms. */
const ticksPerSecond = 100;

/** Processor seconds of one process so far. */
export function processorSeconds(pid: number): number {
  const times = timesOf(pid);
  return times === null ? 0 : times.own / ticksPerSecond;
}

/** As `processorSeconds`, with its children: those that have ended, and those that run. */
export function familySeconds(pid: number): number {
  const parent = timesOf(pid);
  if (parent === null) return 0;
  const running = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => timesOf(Number(name)))
    .filter((times) => times?.parent === pid);
  return running.reduce((sum, times) => sum + (times?.own ?? 0), parent.own + parent.ended) / ticksPerSecond;
}

interface Times {
  readonly parent: number;
  readonly own: number;
  /** Of its children that have ended. */
  readonly ended: number;
}

/** Null if the process has ended. The name of a process, in brackets, may itself hold brackets and spaces. */
function timesOf(pid: number): Times | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat
      .slice(stat.lastIndexOf(') ') + 2)
      .split(' ')
      .map(Number);
    const [, parent = 0] = fields;
    const [user = 0, system = 0, userEnded = 0, systemEnded = 0] = fields.slice(11);
    return { parent, own: user + system, ended: userEnded + systemEnded };
  } catch {
    return null;
  }
}
