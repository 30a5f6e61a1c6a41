import { parseArgs } from 'node:util';
import { EmcachersError } from '@emcachers/core/emcachers-error';

/** What the engine's command line asks for. */
export interface CommandLine {
  readonly command: 'run' | 'check-config' | 'print-config';
  /** Read in place of `.env`; null if not given. */
  readonly envFile: string | null;
}

const usage =
  'Use --check-config to check all settings, --print-config to print them with their sources, and --env-file FILE to read FILE in place of .env.';

/** Throws EMC-1001 for an argument that is none of ours. */
export function readCommandLine(args: readonly string[]): CommandLine {
  const values = parse(args);
  return { command: commandOf(values), envFile: values['env-file'] ?? null };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        'check-config': { type: 'boolean', default: false },
        'print-config': { type: 'boolean', default: false },
        'env-file': { type: 'string' },
      },
    }).values;
  } catch (cause) {
    const detail = `The command line is not understood: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw new EmcachersError({ code: 'EMC-1001', detail, hint: usage, cause });
  }
}

function commandOf(values: { 'check-config': boolean; 'print-config': boolean }): CommandLine['command'] {
  if (values['print-config']) return 'print-config';
  return values['check-config'] ? 'check-config' : 'run';
}
