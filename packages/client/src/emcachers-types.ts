#!/usr/bin/env node
import process from 'node:process';
import { typesCommand } from './types-command.ts';

try {
  process.stdout.write(await typesCommand(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
