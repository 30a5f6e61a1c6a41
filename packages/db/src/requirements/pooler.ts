import pg from 'pg';

/**
 * Whether something between the engine and PostgreSQL shares server connections among clients, found by what it does: a server
 * tells a client the process id of its session when it connects, and a pooler tells another one. In transaction mode a second
 * client's transaction takes the server connection that the first one used.
 */
export type Pooling = 'none' | 'session' | 'transaction';

/** `first` is connected and idle; `config` is how it was connected. */
export async function findPooling(first: pg.Client, config: pg.ClientConfig): Promise<Pooling> {
  const before = await backendOf(first);
  if (before === announcedPid(first)) return 'none';
  const second = new pg.Client(config);
  second.on('error', () => undefined);
  try {
    await second.connect();
    await second.query('BEGIN');
    const taken = await backendOf(second);
    const after = await backendOf(first);
    await second.query('ROLLBACK');
    return taken === before || after !== before ? 'transaction' : 'session';
  } finally {
    await second.end().catch(() => undefined);
  }
}

async function backendOf(client: pg.Client): Promise<number> {
  const answer = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return answer.rows[0]?.pid ?? 0;
}

/** The driver keeps it for cancelling; its types do not mention it. */
function announcedPid(client: pg.Client): unknown {
  return 'processID' in client ? client.processID : null;
}
