import { newEntitySchema } from '@emcachers/core/new-entity';
import { z } from 'zod';
import { CliError } from './cli-error.ts';
import { exitCodes } from './exit-codes.ts';
import { readInput } from './read-input.ts';

/** The version of the file's format. */
export const descriptionVersion = 1;

/** The file that `plan`, `apply` and `diff` read, and that `export` writes. */
export const descriptionSchema = z.strictObject({
  version: z.literal(descriptionVersion),
  entities: z.array(newEntitySchema),
});
export type Description = z.infer<typeof descriptionSchema>;

/** Throws with the invalid fields. */
export function readDescription(file: string): Description {
  const result = descriptionSchema.safeParse(readInput(file));
  if (result.success) return result.data;
  throw new CliError(`${file} does not describe entities.`, {
    exitCode: exitCodes.usage,
    code: 'EMC-5001',
    hint: '"emcachers schema" prints the JSON Schema of the file; "emcachers export" writes one.',
    fields: result.error.issues.map(({ path, message }) => `${path.join('.') || 'file'}: ${message}`),
  });
}
