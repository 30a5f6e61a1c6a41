import { parseArgs } from 'node:util';
import { createMongoServer, type MongoServerOptions } from './mongo-server.ts';

const usage = `A MongoDB server for development and tests, on SQLite. It listens only on this machine and has no authentication.

  mongo-embedded --path <folder> [--port <port>]
  mongo-embedded --memory [--port <port>]

  --path <folder>            data folder; created if missing
  --memory                   keep the data in memory only
  --port <port>              default 27117; 0 selects any free port
  --host <address>           127.0.0.1 (default), localhost or ::1
  --history-bytes <bytes>    maximum size of the change stream history; default 1073741824
  --help                     print this help`;

const portDefault = 27117;

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} must be a whole number, not '${text}'`);
  return value;
}

/** The server's options from the command line; null if help was requested. Throws a TypeError that names the invalid option. */
export function parseCommandLine(args: readonly string[]): MongoServerOptions | null {
  const { values } = parseArgs({
    args: [...args],
    strict: true,
    options: {
      path: { type: 'string' },
      memory: { type: 'boolean' },
      port: { type: 'string' },
      host: { type: 'string' },
      'history-bytes': { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  if (values.help === true) return null;
  if ((values.path === undefined) === (values.memory !== true))
    throw new TypeError('Give either --path <folder> or --memory');
  const historyBytes = values['history-bytes'];
  return {
    ...(values.path === undefined ? { memory: true } : { path: values.path }),
    ...(values.host === undefined ? {} : { host: values.host }),
    ...(historyBytes === undefined ? {} : { historyBytesMax: wholeNumber(historyBytes, 'history-bytes') }),
    port: values.port === undefined ? portDefault : wholeNumber(values.port, 'port'),
  };
}

/** Runs the server until SIGINT or SIGTERM. Exit code 2 for a wrong command line, 1 when the server cannot start. */
export async function runCli(args: readonly string[]): Promise<void> {
  let options: MongoServerOptions | null;
  try {
    options = parseCommandLine(args);
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (options === null) {
    console.log(usage);
    return;
  }
  await serve(options);
}

async function serve(options: MongoServerOptions): Promise<void> {
  try {
    const server = createMongoServer(options);
    const { url } = await server.start();
    const stop = (): void => void server.stop();
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
    console.log(url);
  } catch (error) {
    console.error(`mongo-embedded cannot start: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
