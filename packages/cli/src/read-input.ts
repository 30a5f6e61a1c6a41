import { readFileSync } from 'node:fs';
import { parseDocument } from 'yaml';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';

/** The value of a YAML or JSON file; `-` is standard input. */
export function readInput(file: string): unknown {
  const document = parseDocument(readText(file), { prettyErrors: true, uniqueKeys: true });
  const [problem] = document.errors;
  if (problem !== undefined)
    throw new CliError(`${file} is not YAML or JSON: ${problem.message.split('\n')[0]}`, {
      exitCode: exitCodes.usage,
      cause: problem,
    });
  return document.toJS();
}

function readText(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new CliError(`${file} cannot be read: ${reason}`, { exitCode: exitCodes.usage, cause: error });
  }
}
