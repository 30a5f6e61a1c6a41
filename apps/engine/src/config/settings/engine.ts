import { z } from 'zod';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

export const modes = ['production', 'development', 'test'] as const;
export type Mode = (typeof modes)[number];

/** How strict this process is about its settings, and how it starts and stops. */
export const engineSettings = {
  EMCACHERS_ENV: {
    schema: z.enum(modes, `is not one of ${modes.join(', ')}`),
    standard: 'production',
    unit: modes.join(', '),
    reason:
      'What an unknown EMCACHERS_ variable does: it ends the start in production, is logged in development, and is ignored in test. A wrong value of a setting ends the start in all of them.',
    reader: 'engine',
  },
  EMCACHERS_START_WAIT_SECONDS: numberSetting({
    unit: 'seconds',
    min: 0,
    max: 86400,
    standard: 10,
    reason:
      'How long a start waits for PostgreSQL, unless EMCACHERS_FAIL_AFTER_SECONDS is set. Enough for a server that starts at the same time.',
  }),
  EMCACHERS_STOP_SECONDS: numberSetting({
    unit: 'seconds',
    min: 15,
    max: 600,
    standard: 28,
    reason:
      'Time limit of a shutdown. Orchestrators commonly kill a process after 30 s; raise their limit with this one.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
