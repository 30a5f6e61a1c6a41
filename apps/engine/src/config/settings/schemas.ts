import { z } from 'zod';
import type { Setting } from './setting.ts';

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

/** A setting whose value is a whole number of `unit` from `min` to `max`. */
export interface WholeNumbers {
  /** What is counted, for example `milliseconds`. */
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly standard: number;
  readonly reason: string;
  readonly reader?: Setting<number>['reader'];
}

interface NumberSetting extends Setting<number> {
  readonly standard: string;
}

export function numberSetting({ unit, min, max, standard, reason, reader = 'engine' }: WholeNumbers): NumberSetting {
  return {
    schema: wholeNumber(min, max),
    standard: String(standard),
    unit: `${unit}, from ${min} to ${max}`,
    reason,
    reader,
  };
}
