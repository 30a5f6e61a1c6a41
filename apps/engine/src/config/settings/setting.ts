import type { z } from 'zod';

/** One setting: the schema of its value, its default, and its purpose. */
export interface Setting<T> {
  readonly schema: z.ZodType<T, string>;
  /** The default, as text in the form the environment would hold; null if there is none. */
  readonly standard: string | null;
  readonly unit: string;
  readonly reason: string;
  /** `start`: used by `npm start` or the console only; the engine validates the value but does not use it. */
  readonly reader: 'engine' | 'start';
}
