import type pg from 'pg';

/** What the transaction changed, which determines the notifications sent at commit. */
export interface AppendEnd {
  /** The fencing number with which the transaction began. */
  readonly epoch: number;
  /** Entries were appended: advances the head and notifies readers. */
  readonly appended: boolean;
  /** Entities or jobs changed: notifies their watchers. */
  readonly controlChanged: boolean;
  /** The saved position moved, and with it the source time of caches: notifies readers. */
  readonly positionMoved?: boolean;
}

/**
 * Commits an appending transaction. The head is a row written under the append lock, so it becomes visible together with the
 * entries and an idle cache may advance its offset to it. NOTIFY is sent with the commit; it is a hint, readers also poll.
 * The epoch is checked in the message that commits (I9): between the two, this process cannot freeze. Fails with EM002
 * (EMC-3002) if the epoch has been superseded.
 */
export async function commitAppend(client: pg.PoolClient, end: AppendEnd): Promise<void> {
  const statements: string[] = [];
  if (end.appended)
    statements.push(`UPDATE metadata SET value = to_json((SELECT last_value FROM oplog_id_seq)) WHERE key = 'head'`);
  if (end.appended || end.positionMoved === true) statements.push('NOTIFY emcachers_oplog');
  if (end.controlChanged) statements.push('NOTIFY emcachers_control');
  await client.query([...statements, `SELECT hold_epoch(${end.epoch})`, 'COMMIT'].join('; '));
}
