import { CommanderError } from 'commander';
import { type AddCommands, type CliWorld, callOf, createProgram, type RunCommand } from './cli.ts';
import { CliError, errorText } from './cli-error.ts';
import { addActionCommands } from './commands/action-commands.ts';
import { addApplyCommands } from './commands/apply-commands.ts';
import { addCompletionCommand } from './commands/completion-command.ts';
import { addEntityCommands } from './commands/entity-commands.ts';
import { addFleetCommands } from './commands/fleet-commands.ts';
import { addJobCommands } from './commands/job-commands.ts';
import { addRowCommands } from './commands/row-commands.ts';
import { addSnapshotCommands } from './commands/snapshot-commands.ts';
import { addSourceCommands } from './commands/source-commands.ts';
import { type ExitCode, exitCodes } from './exit-codes.ts';

/** Runs one command line. Resolves to the exit code; never rejects for an error that has an explanation. */
export async function runCli(words: readonly string[], world: CliWorld): Promise<ExitCode> {
  const program = createProgram(world);
  let exitCode: ExitCode = exitCodes.success;
  const run: RunCommand =
    (work) =>
    async (...args) => {
      exitCode = (await work(callOf(program, world), ...args)) ?? exitCodes.success;
    };
  for (const add of [
    addFleetCommands,
    addEntityCommands,
    addActionCommands,
    addApplyCommands,
    addRowCommands,
    addJobCommands,
    addSnapshotCommands,
    addSourceCommands,
    addCompletionCommand,
  ] satisfies AddCommands[])
    add(program, run);
  try {
    await program.parseAsync(words, { from: 'user' });
    return exitCode;
  } catch (error) {
    return codeOf(error, world);
  }
}

function codeOf(error: unknown, world: CliWorld): ExitCode {
  if (error instanceof CliError) {
    world.stderr.write(errorText(error));
    return error.exitCode;
  }
  // Commander has written its own message, or the help that was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.success : exitCodes.usage;
  throw error;
}
