import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { createMongoServer, type MongoServerOptions } from './mongo-server.ts';

const usage = `A MongoDB server for development and tests, on SQLite. It listens only on this machine.

  mongo-embedded --path <folder> [--port <port>]
  mongo-embedded --memory [--port <port>]

  --path <folder>            data folder; created if missing
  --memory                   keep the data in memory only
  --port <port>              default 27117; 0 selects any free port
  --host <address>           127.0.0.1 (default), localhost or ::1
  --tls-cert <file>          certificate (PEM); clients must then use TLS
  --tls-key <file>           private key of --tls-cert (PEM)
  --tls-client-ca <file>     clients must present a certificate that this authority (PEM) has signed
  --user <name>              clients must log in as this user, with SCRAM-SHA-256
  --password-file <file>     file with the password of --user; a line break at its end is ignored
  --history-bytes <bytes>    maximum size of the change stream history; default 1073741824
  --help                     print this help`;

const portDefault = 27117;

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`--${name} must be a whole number, not '${text}'`);
  return value;
}

function tlsOf(cert?: string, key?: string, clientCa?: string): Pick<MongoServerOptions, 'tls'> {
  if (cert === undefined && key === undefined && clientCa === undefined) return {};
  if (cert === undefined || key === undefined) throw new TypeError('Give both --tls-cert and --tls-key');
  const read = (file: string): string => readFileSync(file, 'utf8');
  return { tls: { cert: read(cert), key: read(key), ...(clientCa === undefined ? {} : { clientCa: read(clientCa) }) } };
}

/** The password comes from a file, because other users of the machine can read a process's arguments. */
function usersOf(name?: string, passwordFile?: string): Pick<MongoServerOptions, 'users'> {
  if (name === undefined && passwordFile === undefined) return {};
  if (name === undefined || passwordFile === undefined) throw new TypeError('Give both --user and --password-file');
  return { users: [{ name, password: readFileSync(passwordFile, 'utf8').replace(/\r?\n$/, '') }] };
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
      'tls-cert': { type: 'string' },
      'tls-key': { type: 'string' },
      'tls-client-ca': { type: 'string' },
      user: { type: 'string' },
      'password-file': { type: 'string' },
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
    ...tlsOf(values['tls-cert'], values['tls-key'], values['tls-client-ca']),
    ...usersOf(values.user, values['password-file']),
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
