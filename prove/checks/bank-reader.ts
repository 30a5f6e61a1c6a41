import { existsSync } from 'node:fs';
import type { Database } from '@emcachers/db/database';
import Sqlite from 'better-sqlite3';
import { cacheLink } from '../oracle/cache-rows.ts';
import type { Report } from '../report.ts';
import { accounts, bankShape, sumOfBalances } from '../workload/bank.ts';

interface BankState {
  readonly version: number;
  readonly isLive: boolean;
  readonly head: number;
}

/**
 * Reads the accounts from published caches: their sum shows whether a transaction is seen in parts. While a scan brings the
 * changes of a lost history there is no such promise, so that a cache is looked at only once it has passed the end of the scan.
 */
export class BankReader {
  readonly #database: Database;
  readonly #report: Report;
  /** By version: the head when the entity was first seen live. */
  readonly #liveFrom = new Map<number, number>();

  constructor(database: Database, report: Report) {
    this.#database = database;
    this.#report = report;
  }

  async read(dataDir: string): Promise<void> {
    const before = await this.#state();
    if (before?.isLive !== true) return;
    const liveFrom = this.#liveFrom.get(before.version) ?? before.head;
    this.#liveFrom.set(before.version, liveFrom);
    const link = cacheLink(dataDir, bankShape.entityName);
    const seen = existsSync(link) ? look(link) : null;
    const after = await this.#state();
    if (seen === null || seen.offset < liveFrom || after?.version !== before.version) return;
    this.#report.checked('transactions are seen as a whole');
    if (seen.accounts !== accounts || seen.sum !== sumOfBalances)
      this.#report.fail(`a part of a transaction in ${link}: ${JSON.stringify(seen)}`);
  }

  async #state(): Promise<BankState | undefined> {
    const answer = await this.#database.pool.query<BankState>(
      `SELECT e.version, e.lifecycle = 'live' AS "isLive", (m.value #>> '{}')::bigint AS head
         FROM entity e, metadata m WHERE e.name = $1 AND m.key = 'head'`,
      [bankShape.entityName],
    );
    return answer.rows[0];
  }
}

interface Seen {
  readonly offset: number;
  readonly accounts: number;
  readonly sum: number;
}

/** Null if the file cannot be opened at this moment; `CacheReader` judges that. */
function look(link: string): Seen | null {
  try {
    const database = new Sqlite(link, { readonly: true, fileMustExist: true, timeout: 1_000 });
    try {
      const select = `SELECT (SELECT CAST(value AS INTEGER) FROM metadata WHERE key = 'offset') AS offset,
                             count(*) AS accounts, sum(balance) AS sum FROM bank`;
      return database.prepare<[], Seen>(select).get() ?? null;
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}
