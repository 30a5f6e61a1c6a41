import { Argument, type Command } from 'commander';
import type { CliCall, RunCommand } from '../cli.ts';
import { completionScript, type Shell, shells } from '../completion.ts';

export function addCompletionCommand(program: Command, run: RunCommand): void {
  program
    .command('completion')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .description('Print a script that completes commands and options. docs/cli.md says where it goes.')
    .action(
      run(async (call: CliCall, shell: Shell) => {
        const script = completionScript(shell, program);
        call.answer({ value: { script }, text: script });
        return undefined;
      }),
    );
}
