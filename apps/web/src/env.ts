import { engineUrl } from '@emcachers/core/engine-url';
import { z } from 'zod';

/**
 * The console's settings; only this file reads them. They are never sent to the browser, which uses the console's own
 * address only. The start script in `package.json` passes `CONSOLE_PORT` to Next.js, which takes its port from the command line.
 */
const environmentSchema = z.object({
  /** The engine's address. */
  ENGINE_HOST: z.string().min(1).default('127.0.0.1'),
  ENGINE_PORT: z.coerce.number().int().min(1).max(65_535).default(4_000),
  /** The port that a browser must name with a loopback host. */
  CONSOLE_PORT: z.coerce.number().int().min(1).max(65_535).default(3_000),
  /** Sent to the engine as a bearer token, for browsers that have signed in with it. */
  EMCACHERS_TOKEN: z.string().trim().optional(),
  /** Further origins at which the console may be opened, in addition to loopback names, separated by commas. */
  EMCACHERS_CONSOLE_ORIGINS: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((origin) => origin.trim())
        .filter((origin) => origin !== ''),
    )
    .pipe(z.array(z.url())),
});

export interface ConsoleEnvironment {
  readonly engineUrl: string;
  readonly port: number;
  /** Null if the engine asks for none: then nobody signs in. */
  readonly token: string | null;
  /** Origins at which the console may be opened in addition to loopback names. */
  readonly origins: readonly string[];
}

/** Throws an error that names the variable if a value is invalid. Server only. */
export function readEnvironment(): ConsoleEnvironment {
  const environment = environmentSchema.parse(process.env);
  const token = environment.EMCACHERS_TOKEN ?? '';
  return {
    engineUrl: engineUrl(environment.ENGINE_HOST, environment.ENGINE_PORT),
    port: environment.CONSOLE_PORT,
    token: token === '' ? null : token,
    origins: environment.EMCACHERS_CONSOLE_ORIGINS.map((origin) => new URL(origin).origin),
  };
}
