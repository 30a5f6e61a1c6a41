import pg from 'pg';
import { connectionConfig } from './connection-config.ts';
import { createConnectionSockets, endConnection } from './connection-sockets.ts';
import { toDatabaseError } from './database-error.ts';

/** `emcachers_oplog` after an append, `emcachers_control` after a change of entities, jobs or the leader, `emcachers_rows` after a question about rows. */
export const channels = ['emcachers_oplog', 'emcachers_control', 'emcachers_rows'] as const;
/** One of `channels`. */
export type Channel = (typeof channels)[number];

/**
 * Notifications from PostgreSQL on a dedicated connection. They are hints: one may be lost with the connection, so callers must
 * also poll. `ended` resolves when the connection is lost; the caller then calls `listen` again after a pause.
 */
export interface Listening extends AsyncDisposable {
  readonly ended: Promise<void>;
}

/** Resolves when LISTEN is active on both channels; read the data after that, not before. Throws EMC-3001. */
export async function listen(url: string, wake: (channel: Channel) => void): Promise<Listening> {
  const sockets = createConnectionSockets();
  const client = new pg.Client({
    ...connectionConfig(url, { applicationName: 'emcachers listen' }),
    stream: sockets.open,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  const ended = new Promise<void>((done) => {
    client.on('error', () => done());
    client.on('end', () => done());
  });
  client.on('notification', (message) => {
    const channel = channels.find((name) => name === message.channel);
    if (channel !== undefined) wake(channel);
  });
  try {
    await client.connect();
    await client.query(channels.map((channel) => `LISTEN ${channel}`).join('; '));
  } catch (error) {
    await endConnection(client, sockets);
    throw toDatabaseError(error);
  }
  return { ended, [Symbol.asyncDispose]: () => endConnection(client, sockets) };
}
