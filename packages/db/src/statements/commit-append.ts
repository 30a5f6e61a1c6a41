import type pg from 'pg';
import { streamOfEpoch } from './stream-of-epoch.ts';

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
 * Commits an appending transaction. The stream's head is a row written under its append lock, so it becomes visible together with
 * the entries and an idle cache may advance its offset to it. Other streams draw from the same sequence, so the head may be above
 * the newest entry; the stream's later entries are above it. NOTIFY is sent with the commit; it is a hint, readers also poll.
 * The epoch is checked in the message that commits (I9): between the two, this process cannot freeze. Fails with EM002
 * (EMC-3002) if the epoch has been superseded.
 */
export async function commitAppend(client: pg.PoolClient, end: AppendEnd): Promise<void> {
  const statements: string[] = [];
  if (end.appended)
    statements.push(
      `UPDATE stream SET head = (SELECT last_value FROM oplog_id_seq) WHERE id = ${streamOfEpoch(String(end.epoch))}`,
    );
  if (end.appended || end.positionMoved === true) statements.push('NOTIFY emcachers_oplog');
  if (end.controlChanged) statements.push('NOTIFY emcachers_control');
  await client.query([...statements, `SELECT hold_epoch(${end.epoch})`, 'COMMIT'].join('; '));
}
