import { z } from 'zod';
import { port } from './schemas.ts';
import type { Setting } from './setting.ts';

const originList = z.string().transform((text, context) => {
  const origins = text.split(',').map((origin) => origin.trim());
  if (origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)) return origins;
  context.addIssue({ code: 'custom', message: 'is not a list of origins such as https://console.example.org' });
  return z.NEVER;
});

/** The console's port and origins. */
export const consoleSettings = {
  CONSOLE_PORT: {
    schema: port,
    standard: '3000',
    unit: 'TCP port',
    reason: 'Serves the console. The engine accepts browser requests from this port’s origin.',
    reader: 'engine',
  },
  EMCACHERS_CONSOLE_ORIGINS: {
    schema: originList,
    standard: null,
    unit: 'comma-separated list of origins',
    reason: 'Additional origins that serve the console, for example behind a proxy.',
    reader: 'engine',
  },
} as const satisfies Record<string, Setting<unknown>>;
