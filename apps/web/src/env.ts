import { z } from 'zod';

/**
 * The console's settings, all read here. The browser never learns them: it talks to the console's own address only.
 * `CONSOLE_PORT` is read by the start script in `package.json`, because Next.js takes its port from the command line.
 */
const environmentSchema = z.object({
  /** Where the engine listens. */
  ENGINE_HOST: z.string().min(1).default('127.0.0.1'),
  ENGINE_PORT: z.coerce.number().int().min(1).max(65_535).default(4_000),
  /** Sent to the engine as a bearer token where the engine asks for one. */
  EMCACHERS_TOKEN: z.string().optional(),
  /** Origins by which the console is opened besides this machine's own names, separated by commas. */
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
  readonly token: string | null;
  /** Hosts, with their port, by which the console may be opened besides loopback names. */
  readonly hosts: readonly string[];
}

/** Throws with the variable's name where a value is wrong. Server only. */
export function readEnvironment(): ConsoleEnvironment {
  const environment = environmentSchema.parse(process.env);
  const host = environment.ENGINE_HOST.includes(':') ? `[${environment.ENGINE_HOST}]` : environment.ENGINE_HOST;
  return {
    engineUrl: `http://${host}:${environment.ENGINE_PORT}`,
    token: environment.EMCACHERS_TOKEN ?? null,
    hosts: environment.EMCACHERS_CONSOLE_ORIGINS.map((origin) => new URL(origin).host),
  };
}
