/** An operator who deletes documents in MongoDB and then asks for the erasure of what one entity still has of them. */
import { type Document, Int32 } from 'mongodb';
import type { Cluster } from '../cluster/cluster.ts';
import type { Report } from '../report.ts';
import type { Dice } from './dice.ts';

/** What was asked for. */
export interface Erasure {
  readonly entityId: number;
  readonly entityName: string;
  readonly docId: string;
  readonly jobId: string;
  /** A text that only this document ever had. */
  readonly secret: string;
}

interface Target {
  readonly entityId: number;
  readonly entityName: string;
  readonly database: string;
  readonly collection: string;
  readonly isWhole: boolean;
}

/** How long a state of the document is waited for in the oplog; a filter may keep it out. */
const captureMsMax = 6_000;

export class Erasures {
  readonly #cluster: Cluster;
  readonly #report: Report;
  readonly requested: Erasure[] = [];
  #planted = 0;

  constructor(cluster: Cluster, report: Report) {
    this.#cluster = cluster;
    this.#report = report;
  }

  /** Plants a document, changes and deletes it, and asks. */
  async request(dice: Dice): Promise<void> {
    const target = await this.#target(dice);
    const { api } = dice.pick(this.#cluster.nodes);
    if (target === null || api === null) return;
    this.#planted += 1;
    const docId = `erased-${this.#planted}`;
    const secret = `secret-${this.#planted}-${dice.below(2 ** 31)}`;
    await this.#live(target, { docId, secret });
    const path = `/api/v1/entities/${target.entityName}/erase`;
    const response = await api.request('POST', path, { body: { ids: [docId] } }).catch(() => null);
    this.#report.request(`erase: ${response?.status ?? 'no answer'}`);
    const body = (await response?.json().catch(() => ({}))) as { readonly jobId?: string; readonly code?: string };
    if (body?.code === 'EMC-5013') this.#report.fail(`The API takes ${docId} of ${target.entityName} for existing.`);
    if (body?.jobId === undefined) return;
    const { entityId, entityName } = target;
    this.requested.push({ entityId, entityName, docId, jobId: body.jobId, secret });
  }

  /** An entity whose collection is never replaced by another one, preferably one without a filter, which might keep the document out. */
  async #target(dice: Dice): Promise<Target | null> {
    const answer = await this.#cluster.database.pool
      .query<Target>(
        `SELECT id AS "entityId", name AS "entityName", source_database AS database, source_collection AS collection,
                filter IS NULL AS "isWhole"
           FROM entity WHERE lifecycle = 'live' AND NOT paused AND source_collection ~ '^c' ORDER BY id`,
      )
      .catch(() => ({ rows: [] }));
    const whole = answer.rows.filter(({ isWhole }) => isWhole);
    const targets = whole.length > 0 && dice.chance(0.8) ? whole : answer.rows;
    return targets.length === 0 ? null : dice.pick(targets);
  }

  /** Copied, changed, and deleted. */
  async #live(
    { entityId, database, collection }: Target,
    { docId, secret }: { readonly docId: string; readonly secret: string },
  ): Promise<void> {
    const documents = this.#cluster.mongo.db(database).collection<Document & { _id: string }>(collection);
    await documents.replaceOne({ _id: docId }, secretFields(secret), { upsert: true });
    const isCaptured = await this.#captured(entityId, docId);
    await documents.updateOne({ _id: docId }, { $set: { a: `${secret} changed`, rev: new Int32(1) } });
    if (isCaptured) this.#report.checked('documents in the oplog before they are erased');
    await documents.deleteOne({ _id: docId });
  }

  async #captured(entityId: number, docId: string): Promise<boolean> {
    const endMs = performance.now() + captureMsMax;
    while (performance.now() < endMs) {
      const answer = await this.#cluster.database.pool
        .query('SELECT 1 FROM oplog WHERE entity_id = $1 AND doc_id = $2 LIMIT 1', [entityId, docId])
        .catch(() => ({ rows: [] }));
      if (answer.rows.length > 0) return true;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return false;
  }
}

/** In every field that a column of the generator may copy. */
function secretFields(secret: string): Document {
  return { rev: new Int32(0), a: secret, b: secret, c: secret, d: secret, n: { x: secret, y: [secret] } };
}
