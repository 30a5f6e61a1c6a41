import type { Database } from '@emcachers/db/database';
import type { Report } from '../report.ts';

/**
 * Reads the oplog's ids as they become visible, as a reader at an offset does, and looks at the end whether it has missed one
 * (I3). Also watches the saved position (I2).
 */
export class OplogWatch {
  readonly #database: Database;
  readonly #seen = new Set<number>();
  #head = 0;
  #position: { readonly version: number; readonly data: string; readonly time: bigint } | null = null;

  constructor(database: Database) {
    this.#database = database;
  }

  /** One look. An unreachable or ended session is no finding. */
  async look(report: Report): Promise<void> {
    await this.#readIds();
    await this.#readPosition(report);
  }

  async #readIds(): Promise<void> {
    const answer = await this.#database.pool.query<{ head: number; ids: readonly number[] | null }>(
      `SELECT m.head, (SELECT array_agg(id::float8) FROM oplog WHERE id > $1 AND id <= m.head) AS ids
         FROM (SELECT head FROM stream WHERE id = 1) AS m`,
      [this.#head],
    );
    const [row] = answer.rows;
    if (row === undefined) return;
    this.#head = Number(row.head);
    for (const id of row.ids ?? []) this.#seen.add(id);
  }

  async #readPosition(report: Report): Promise<void> {
    const answer = await this.#database.pool.query<{ version: number; data: string | null; time: string | null }>(
      'SELECT version, token_data AS data, cluster_time::text AS time FROM mongo_resume_token WHERE stream_id = 1',
    );
    const [row] = answer.rows;
    if (row === undefined || row.time === null) return;
    const next = { version: row.version, data: row.data ?? '', time: BigInt(row.time) };
    const before = this.#position;
    this.#position = next;
    if (before === null || before.version !== next.version) return;
    report.checked('I2 the saved position only moves forward');
    if (next.time < before.time || next.data < before.data)
      report.fail(`I2: the position moved from ${before.data} at ${before.time} to ${next.data} at ${next.time}`);
  }

  /** Entries that exist although they were not there when the reader passed their ids. */
  async checkHoles(report: Report): Promise<void> {
    await this.#readIds();
    const answer = await this.#database.pool.query<{ id: number }>(
      'SELECT id::float8 AS id FROM oplog WHERE id <= $1',
      [this.#head],
    );
    const missed = answer.rows.filter(({ id }) => !this.#seen.has(id));
    report.checked('I3 a reader has seen every entry up to its offset', answer.rows.length);
    if (missed.length > 0) report.fail(`I3: a reader missed ${missed.length} entries, the first ${missed[0]?.id}`);
  }
}
