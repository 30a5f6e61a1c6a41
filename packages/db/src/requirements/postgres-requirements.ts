import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Requirement } from '@emcachers/core/requirement';
import pg from 'pg';
import { schemaOf } from '../connection-config.ts';
import { createConnectionSockets, endConnection } from '../connection-sockets.ts';
import { poolConfig } from '../database.ts';
import { connectAtStart, toStartError } from './connect-refusal.ts';
import { findPooling, type Pooling } from './pooler.ts';
import { type PostgresFacts, readPostgresFacts } from './postgres-facts.ts';

/** DETACH PARTITION … CONCURRENTLY, with which an entity is deleted, is of version 14. */
const versionMin = 14;
/** Three pools of six, the leader's sessions, the lease, the notifications, and one to migrate. */
const connectionsWanted = 27;
/** Below this, the pools would wait for each other. */
const connectionsMin = 10;

/**
 * What the engine needs of PostgreSQL, in the order in which an operator would mend it. Reads only. Throws EMC-3001 if the server
 * does not answer, and EMC-3007, EMC-3011, EMC-3012 or EMC-1001 if it cannot be asked.
 */
export async function checkPostgres(url: string): Promise<readonly Requirement[]> {
  const sockets = createConnectionSockets();
  const config = { ...poolConfig({ url }, { applicationName: 'emcachers check' }), stream: sockets.open };
  try {
    const client = new pg.Client(config);
    client.on('error', () => undefined);
    try {
      await connectAtStart(client);
      const facts = await readPostgresFacts(client, schemaOf(url));
      const pooling = await findPooling(client, config);
      return [...requirementsOf(facts), pooler(pooling)];
    } finally {
      await endConnection(client, sockets);
    }
  } catch (error) {
    throw toStartError(error);
  }
}

function requirementsOf(facts: PostgresFacts): Requirement[] {
  return [version(facts), encoding(facts), writable(facts), rights(facts), ownership(facts), connections(facts)];
}

function version(facts: PostgresFacts): Requirement {
  const found = `PostgreSQL ${facts.version}`;
  if (facts.version_number >= versionMin * 10_000) return met('version', found);
  return unmet('version', found, {
    code: 'EMC-3010',
    detail: `DATABASE_URL: the server is ${found}; the engine needs ${versionMin} or later.`,
  });
}

function encoding({ encoding: found, database }: PostgresFacts): Requirement {
  if (found === 'UTF8') return met('encoding', found);
  return unmet('encoding', found, {
    code: 'EMC-3010',
    detail: `DATABASE_URL: the database ${database} has the encoding ${found}, which cannot hold every text of MongoDB.`,
    hint: `Create one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0 LOCALE 'C', and name it in DATABASE_URL.`,
  });
}

function writable({ in_recovery, read_only, role }: PostgresFacts): Requirement {
  if (in_recovery)
    return unmet('writable', 'a standby', {
      code: 'EMC-3009',
      detail: 'DATABASE_URL names a standby, which only follows another server.',
      hint: 'Point DATABASE_URL at the primary.',
    });
  if (read_only)
    return unmet('writable', 'read-only transactions', {
      code: 'EMC-3009',
      detail: `DATABASE_URL: transactions of the role ${role} are read-only (default_transaction_read_only is on).`,
    });
  return met('writable', 'a primary');
}

function rights({ may_create, schema, role }: PostgresFacts): Requirement {
  if (may_create === true) return met('rights', `${role} may create tables in the schema ${schema}`);
  const found = schema === null ? 'no schema' : `${role} may not create tables in the schema ${schema}`;
  if (schema !== null)
    return unmet('rights', found, { code: 'EMC-3008', detail: `DATABASE_URL: permission denied: ${found}.` });
  return unmet('rights', found, {
    code: 'EMC-3008',
    detail: `DATABASE_URL: the search path of the role ${role} holds no schema that exists.`,
    hint: 'Name a schema in DATABASE_URL: ?schema=…',
  });
}

function ownership({ foreign_owner: owner, role }: PostgresFacts): Requirement {
  if (owner === null) return met('ownership', role);
  return unmet('ownership', owner, {
    code: 'EMC-3008',
    detail: `DATABASE_URL: the tables of the engine belong to the role ${owner}, and ${role} is not a member of it.`,
    hint: `Connect as ${owner}, or make ${role} a member of it (GRANT … TO …).`,
  });
}

function connections({ connections_max: most, role }: PostgresFacts): Requirement {
  const found = `${most} connections`;
  if (most >= connectionsWanted) return met('connections', found);
  const why = `The role ${role} may have ${found} at once; one node uses up to ${connectionsWanted}`;
  if (most >= connectionsMin)
    return {
      name: 'connections',
      found,
      outcome: { kind: 'doubtful', why: `${why}, and waits for them if there are fewer.` },
    };
  return unmet('connections', found, {
    code: 'EMC-3010',
    detail: `DATABASE_URL: ${why} and needs ${connectionsMin}.`,
    hint: 'Raise max_connections of the server, or the CONNECTION LIMIT of the role or the database.',
  });
}

function pooler(pooling: Pooling): Requirement {
  if (pooling === 'none') return met('pooler', 'none');
  if (pooling === 'session') return met('pooler', 'a pooler in session mode');
  return unmet('pooler', 'a pooler in transaction mode', {
    code: 'EMC-3011',
    detail: 'DATABASE_URL: a pooler gives each transaction another session of PostgreSQL.',
  });
}

function met(name: string, found: string): Requirement {
  return { name, found, outcome: { kind: 'met' } };
}

interface Fault {
  readonly code: 'EMC-3008' | 'EMC-3009' | 'EMC-3010' | 'EMC-3011';
  readonly detail: string;
  readonly hint?: string;
}

function unmet(name: string, found: string, fault: Fault): Requirement {
  return { name, found, outcome: { kind: 'unmet', error: new EmcachersError(fault) } };
}
