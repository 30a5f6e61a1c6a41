import { spawn } from 'node:child_process';
import process from 'node:process';

export interface CommandOptions {
  readonly cwd: string;
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a program with this terminal's input and output; resolves to its exit code, or 1 if a signal ended it. */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<number> {
  const child = spawn(command, args, { cwd: options.cwd, env: { ...process.env, ...options.env }, stdio: 'inherit' });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}
