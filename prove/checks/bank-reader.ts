import { existsSync } from 'node:fs';
import type { Database } from '@emcachers/db/database';
import Sqlite from 'better-sqlite3';
import { cacheLink } from '../oracle/cache-rows.ts';
import type { Report } from '../report.ts';
import { accounts, type bankEntities, sumOfBalances } from '../workload/bank.ts';

export const transactionsWhole = 'transactions are seen as a whole';

interface BankState {
  readonly version: number;
  readonly isLive: boolean;
  readonly head: number;
}

/**
 * Reads the accounts from the published caches of one entity: their sum shows whether a transaction is seen in parts. While a scan brings the
 * changes of a lost history there is no such promise, so that a cache is looked at only once it has passed the end of the scan.
 */
export class BankReader {
  readonly #entityName: string;
  readonly #isExact: boolean;
  readonly #database: Database;
  readonly #report: Report;
  /** By version: the head when the entity was first seen live. */
  readonly #liveFrom = new Map<number, number>();
  /** Data directories and versions whose file was seen beyond the end of the scan. */
  readonly #passed = new Set<string>();

  constructor({ shape, isExact }: (typeof bankEntities)[number], database: Database, report: Report) {
    this.#entityName = shape.entityName;
    this.#isExact = isExact;
    this.#database = database;
    this.#report = report;
  }

  async read(dataDir: string): Promise<void> {
    const before = await this.#state();
    if (before?.isLive !== true) return;
    const liveFrom = this.#liveFrom.get(before.version) ?? before.head;
    this.#liveFrom.set(before.version, liveFrom);
    const link = cacheLink(dataDir, this.#entityName);
    const seen = existsSync(link) ? look(link, this.#entityName) : null;
    const after = await this.#state();
    if (seen === null || after?.version !== before.version) return;
    if (!this.#hasPassed({ dataDir, link, version: before.version }, seen.offset, liveFrom)) return;
    this.#judge(link, seen);
  }

  #judge(link: string, seen: Seen): void {
    const isWhole = seen.accounts === accounts && seen.sum === sumOfBalances;
    if (this.#isExact) this.#report.checked(transactionsWhole);
    if (isWhole) return;
    if (this.#isExact) this.#report.fail(`a part of a transaction in ${link}: ${JSON.stringify(seen)}`);
    else this.#report.note('an updated document was newer than its transaction');
  }

  /** False before the file contains all of the scan. Once it does, no other file may take its place that does not (I8). */
  #hasPassed(
    { dataDir, link, version }: { readonly dataDir: string; readonly link: string; readonly version: number },
    offset: number,
    liveFrom: number,
  ): boolean {
    const key = `${dataDir} ${version}`;
    if (offset >= liveFrom) this.#passed.add(key);
    else if (this.#passed.has(key))
      this.#report.fail(`I8: ${link} was published beyond ${liveFrom} and is now at ${offset}`);
    return offset >= liveFrom;
  }

  async #state(): Promise<BankState | undefined> {
    const answer = await this.#database.pool.query<BankState>(
      `SELECT e.version, e.lifecycle = 'live' AS "isLive", s.head
         FROM entity e JOIN stream s ON s.id = e.stream_id WHERE e.name = $1`,
      [this.#entityName],
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
function look(link: string, entityName: string): Seen | null {
  try {
    const database = new Sqlite(link, { readonly: true, fileMustExist: true, timeout: 1_000 });
    try {
      const select = `SELECT (SELECT CAST(value AS INTEGER) FROM metadata WHERE key = 'offset') AS offset,
                             count(*) AS accounts, sum(balance) AS sum FROM "${entityName}"`;
      return database.prepare<[], Seen>(select).get() ?? null;
    } finally {
      database.close();
    }
  } catch {
    return null;
  }
}
