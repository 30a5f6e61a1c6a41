import type pg from 'pg';

export interface AppendEnd {
  /** Entries were appended: the head moves and readers are woken. */
  readonly appended: boolean;
  /** Entities or jobs changed: their watchers are woken. */
  readonly controlChanged: boolean;
}

/**
 * Closes an appending transaction. The head is a row, written under the append lock: it becomes visible together with
 * the entries, so an idle cache may move its offset to it. Wake-ups travel with the commit; they are hints, readers poll.
 */
export async function commitAppend(client: pg.PoolClient, end: AppendEnd): Promise<void> {
  const statements: string[] = [];
  if (end.appended)
    statements.push(
      `UPDATE metadata SET value = to_json((SELECT last_value FROM oplog_id_seq)) WHERE key = 'head'`,
      'NOTIFY emcachers_oplog',
    );
  if (end.controlChanged) statements.push('NOTIFY emcachers_control');
  await client.query([...statements, 'COMMIT'].join('; '));
}
