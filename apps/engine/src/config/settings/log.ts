import { z } from 'zod';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const;

/** What is logged, and how much of it is kept. */
export const logSettings = {
  LOG_LEVEL: {
    schema: z.enum(logLevels, `is not one of ${logLevels.join(', ')}`),
    standard: 'info',
    unit: logLevels.join(', '),
    reason: 'The lowest level to log. Logs are JSON lines on standard output.',
    reader: 'engine',
  },
  EMCACHERS_COUNTERS_LOG_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 86_400,
    standard: 30,
    reason:
      'How often the leader logs how many operations of each entity it has processed, held back and made dead letters since the last such line. Without any, there is no line.',
  }),
  EMCACHERS_LOG_FILE_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65_536,
    max: 1_073_741_824,
    standard: 16_777_216,
    reason:
      '`npm start` writes the log of each part to <data dir>/logs. A file that would become larger is closed, and the next one begins.',
    reader: 'start',
  }),
  EMCACHERS_LOG_FILES_KEPT: numberSetting({
    unit: 'files',
    min: 1,
    max: 1_000,
    standard: 3,
    reason: 'Closed log files of each part that `npm start` keeps.',
    reader: 'start',
  }),
} as const satisfies Record<string, Setting<unknown>>;
