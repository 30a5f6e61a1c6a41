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
});

export interface ConsoleEnvironment {
  readonly engineUrl: string;
  readonly token: string | null;
}

/** Throws with the variable's name where a value is wrong. Server only. */
export function readEnvironment(): ConsoleEnvironment {
  const environment = environmentSchema.parse(process.env);
  const host = environment.ENGINE_HOST.includes(':') ? `[${environment.ENGINE_HOST}]` : environment.ENGINE_HOST;
  return {
    engineUrl: `http://${host}:${environment.ENGINE_PORT}`,
    token: environment.EMCACHERS_TOKEN ?? null,
  };
}
