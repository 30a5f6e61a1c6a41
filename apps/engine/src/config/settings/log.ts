import { z } from 'zod';
import type { Setting } from './setting.ts';

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** The log level. */
export const logSettings = {
  LOG_LEVEL: {
    schema: z.enum(logLevels, `is not one of ${logLevels.join(', ')}`),
    standard: 'info',
    unit: logLevels.join(', '),
    reason: 'The lowest level to log. Logs are JSON lines on standard output.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
