import type { Database } from '@emcachers/db/database';
import type { Report } from '../report.ts';

export const ledApart = 'two streams are led by different engines';

/** What has been seen of one stream. */
interface Followed {
  head: number;
  position: { readonly version: number; readonly data: string; readonly time: bigint } | null;
}

interface StreamIds {
  readonly streamId: number;
  readonly head: number;
  readonly ids: readonly number[] | null;
}

interface StreamPosition {
  readonly streamId: number;
  readonly version: number;
  readonly data: string | null;
  readonly time: string | null;
}

/**
 * Reads the ids of each stream as they become visible, as a reader at an offset of the stream does, and looks at the end whether it
 * has missed one (I3). Also watches the saved positions (I2), and whether several engines lead.
 */
export class OplogWatch {
  readonly #database: Database;
  readonly #seen = new Set<number>();
  readonly #followed = new Map<number, Followed>();

  constructor(database: Database) {
    this.#database = database;
  }

  /** One look. An unreachable or ended session is no finding. */
  async look(report: Report): Promise<void> {
    await this.#readIds(report);
    await this.#readPositions(report);
    await this.#countLeaders(report);
  }

  #of(streamId: number): Followed {
    const followed = this.#followed.get(streamId) ?? { head: 0, position: null };
    this.#followed.set(streamId, followed);
    return followed;
  }

  /** In one statement, so that heads and entries are of one moment. */
  async #readIds(report: Report): Promise<void> {
    const streamIds = [...this.#followed.keys()];
    const answer = await this.#database.pool.query<StreamIds>(
      `SELECT s.id AS "streamId", s.head::float8 AS head,
              (SELECT array_agg(o.id::float8) FROM entity e JOIN oplog o ON o.entity_id = e.id
                WHERE e.stream_id = s.id AND o.id > coalesce(f.head, 0) AND o.id <= s.head) AS ids
         FROM stream s LEFT JOIN unnest($1::int[], $2::bigint[]) AS f (id, head) ON f.id = s.id`,
      [streamIds, streamIds.map((streamId) => this.#of(streamId).head)],
    );
    for (const { streamId, head, ids } of answer.rows) {
      const followed = this.#of(streamId);
      report.checked('I3 the head of a stream only grows');
      if (head < followed.head) report.fail(`I3: the head of stream ${streamId} went from ${followed.head} to ${head}`);
      followed.head = head;
      for (const id of ids ?? []) this.#seen.add(id);
    }
  }

  async #readPositions(report: Report): Promise<void> {
    const answer = await this.#database.pool.query<StreamPosition>(
      `SELECT stream_id AS "streamId", version, token_data AS data, cluster_time::text AS time
         FROM mongo_resume_token WHERE cluster_time IS NOT NULL`,
    );
    for (const row of answer.rows) this.#judgePosition(row, report);
  }

  #judgePosition({ streamId, version, data, time }: StreamPosition, report: Report): void {
    const followed = this.#of(streamId);
    const next = { version, data: data ?? '', time: BigInt(time ?? 0) };
    const before = followed.position;
    followed.position = next;
    if (before === null || before.version !== next.version) return;
    report.checked('I2 the saved position only moves forward');
    if (next.time < before.time || next.data < before.data)
      report.fail(
        `I2: the position of stream ${streamId} moved from ${before.data} at ${before.time} to ${next.data} at ${next.time}`,
      );
  }

  async #countLeaders(report: Report): Promise<void> {
    const answer = await this.#database.pool.query<{ leaders: number }>(
      'SELECT count(DISTINCT node_id)::float8 AS leaders FROM leader',
    );
    if ((answer.rows[0]?.leaders ?? 0) > 1) report.checked(ledApart);
  }

  /** Entries that exist although they were not there when the reader of their stream passed their ids. */
  async checkHoles(report: Report): Promise<void> {
    await this.#readIds(report);
    const streamIds = [...this.#followed.keys()];
    const answer = await this.#database.pool.query<{ id: number }>(
      `SELECT o.id::float8 AS id FROM oplog o JOIN entity e ON e.id = o.entity_id
         JOIN unnest($1::int[], $2::bigint[]) AS f (id, head) ON f.id = e.stream_id
        WHERE o.id <= f.head`,
      [streamIds, streamIds.map((streamId) => this.#of(streamId).head)],
    );
    const missed = answer.rows.filter(({ id }) => !this.#seen.has(id));
    report.checked('I3 a reader has seen every entry up to its offset', answer.rows.length);
    if (missed.length > 0) report.fail(`I3: a reader missed ${missed.length} entries, the first ${missed[0]?.id}`);
  }
}
