import type pg from 'pg';

/** What a session at the start of the engine sees of its server, its database and its own rights. */
export interface PostgresFacts {
  readonly version: string;
  readonly version_number: number;
  readonly encoding: string;
  readonly role: string;
  readonly database: string;
  /** The schema that new tables go to; null if the search path has none. */
  readonly schema: string | null;
  /** Null without a schema. */
  readonly may_create: boolean | null;
  /** The owner of the oplog if this role may not act as it; null if it may, or if there is no oplog yet. */
  readonly foreign_owner: string | null;
  readonly in_recovery: boolean;
  readonly read_only: boolean;
  /** Connections that this role may have at once in this database. */
  readonly connections_max: number;
}

// The schema of the URL may not exist yet; the engine then creates it, which takes a right on the database.
const factsSql = `
  SELECT current_setting('server_version') AS version,
         current_setting('server_version_num')::int AS version_number,
         current_setting('server_encoding') AS encoding,
         current_user AS role,
         current_database() AS database,
         COALESCE($1::text, current_schema()) AS schema,
         CASE WHEN COALESCE($1::text, current_schema()) IS NULL THEN NULL
              WHEN to_regnamespace(quote_ident(COALESCE($1::text, current_schema()))) IS NULL
              THEN has_database_privilege(current_database(), 'CREATE')
              ELSE has_schema_privilege(COALESCE($1::text, current_schema()), 'CREATE') END AS may_create,
         (SELECT pg_get_userbyid(c.relowner) FROM pg_class c
           WHERE c.oid = to_regclass('oplog') AND NOT pg_has_role(c.relowner, 'USAGE')) AS foreign_owner,
         pg_is_in_recovery() AS in_recovery,
         current_setting('default_transaction_read_only')::boolean AS read_only,
         LEAST(current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
               (SELECT NULLIF(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user),
               (SELECT NULLIF(datconnlimit, -1) FROM pg_database WHERE datname = current_database())) AS connections_max`;

/** `schema`: what the URL names, or null. */
export async function readPostgresFacts(client: pg.Client, schema: string | null): Promise<PostgresFacts> {
  const answer = await client.query<PostgresFacts>(factsSql, [schema]);
  const [facts] = answer.rows;
  if (facts === undefined) throw new TypeError('PostgreSQL did not describe itself.');
  return facts;
}
