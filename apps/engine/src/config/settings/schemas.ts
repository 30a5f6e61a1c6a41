import { z } from 'zod';

const portMax = 65_535;
export const port = z
  .string()
  .regex(/^\d+$/, `is not a port number from 0 to ${portMax}`)
  .transform(Number)
  .refine((value) => value <= portMax, `is not a port number from 0 to ${portMax}`);

/** A whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): z.ZodType<number, string> {
  const problem = `is not a whole number from ${min} to ${max}`;
  return z
    .string()
    .regex(/^\d{1,15}$/, problem)
    .transform(Number)
    .refine((value) => value >= min && value <= max, problem);
}
