/** Ends every fault, and waits by conditions until all caches are level with their sources. */
import type { EntityView } from '@emcachers/core/api-views';
import type { ApiClient } from '../apps/engine/test/support/api-client.ts';
import type { Cluster } from './cluster/cluster.ts';
import type { EngineNode } from './cluster/engine-node.ts';
import type { Report } from './report.ts';

const settleMsMax = 180_000;
const lookMs = 100;

/** Returns the entities as they are when all is level; null if that does not happen in time (L1). */
export async function settle(cluster: Cluster, report: Report): Promise<readonly EntityView[] | null> {
  await heal(cluster);
  const endMs = performance.now() + settleMsMax;
  const level = new Level(cluster, report);
  while (performance.now() < endMs) {
    const entities = await level.look();
    if (entities !== null) return entities;
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
  report.fail(`L1: not level within ${settleMsMax / 1_000} s after the faults ended: ${level.obstacle}`);
  return null;
}

/** How long a cause of trouble may be shown after it has ended, milliseconds. */
const healthMsMax = 30_000;

/** What is right must also be called right (I12). */
export async function awaitHealth({ nodes }: Cluster, report: Report): Promise<void> {
  const endMs = performance.now() + healthMsMax;
  for (;;) {
    const troubles = await troublesOf(nodes).catch((error: unknown) => [String(error)]);
    if (troubles.length === 0) return report.checked('I12 what is level is called healthy');
    if (performance.now() > endMs)
      return report.fail(`I12: not ok ${healthMsMax / 1_000} s after all was level: ${troubles.join('; ')}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

async function troublesOf(nodes: readonly EngineNode[]): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const node of nodes)
    for (const { entityName, health, reason } of await entitiesOf(await node.ready(), node.nodeId))
      if (health !== 'ok') troubles.push(`${node.nodeId} calls ${entityName} ${health}: ${reason}`);
  return troubles;
}

async function entitiesOf(api: ApiClient, nodeId: string): Promise<readonly EntityView[]> {
  const response = await api.request('GET', '/api/v1/entities');
  if (response.status !== 200) throw new Error(`${nodeId} answers ${response.status}`);
  return (await response.json()) as readonly EntityView[];
}

async function heal({ nodes, mongo }: Cluster): Promise<void> {
  await mongo.db('admin').command({ configureFailPoint: 'failCommand', mode: 'off' });
  for (const node of nodes) {
    node.postgres.restore();
    node.mongo.restore();
    node.process?.child.kill('SIGCONT');
    node.start();
  }
}

/** The streams that entities belong to; others are not followed. */
const behindAndWorking = `
  SELECT (SELECT string_agg(s.name || ' at ' || coalesce(t.cluster_time::text, 'none'), ', ')
            FROM stream s JOIN mongo_resume_token t ON t.stream_id = s.id
           WHERE EXISTS (SELECT 1 FROM entity e WHERE e.stream_id = s.id)
             AND (t.cluster_time IS NULL OR t.cluster_time < $1::numeric)) AS behind,
         (SELECT string_agg(kind || ' of ' || entity_name || ', ' || status, '; ') FROM job
           WHERE status IN ('queued', 'running')) AS jobs`;

class Level {
  readonly #cluster: Cluster;
  readonly #report: Report;
  /** The time that the saved positions must have passed: of a change after all others. */
  #passed: bigint | null = null;
  obstacle = '';

  constructor(cluster: Cluster, report: Report) {
    this.#cluster = cluster;
    this.#report = report;
  }

  /** The entities if all is level; otherwise null, and `obstacle` says what is not. */
  async look(): Promise<readonly EntityView[] | null> {
    try {
      return await this.#look();
    } catch (error) {
      this.obstacle = error instanceof Error ? error.message : String(error);
      return null;
    }
  }

  async #look(): Promise<readonly EntityView[] | null> {
    this.#passed ??= await this.#mark();
    // Twice: a job may wait for an entity that is paused, and what was level before the position had passed proves nothing.
    if ((await this.#levelEntities()) === null) return null;
    return (await this.#isWorking()) ? null : this.#levelEntities();
  }

  async #levelEntities(): Promise<readonly EntityView[] | null> {
    let entities: readonly EntityView[] = [];
    for (const node of this.#cluster.nodes) {
      const views = await this.#views(node);
      if (views === null) return null;
      entities = views;
    }
    return entities;
  }

  /** A change of its own in a collection that no entity has. */
  async #mark(): Promise<bigint> {
    const { mongo } = this.#cluster;
    await mongo.db('elsewhere').collection('marker').insertOne({});
    const { operationTime } = await mongo.db('admin').command({ ping: 1 });
    return (operationTime as { toBigInt(): bigint }).toBigInt();
  }

  async #isWorking(): Promise<boolean> {
    const { pool } = this.#cluster.database;
    const answer = await pool.query<{ behind: string | null; jobs: string | null }>(behindAndWorking, [this.#passed]);
    const { behind = null, jobs = null } = answer.rows[0] ?? {};
    if (behind !== null) this.obstacle = `the saved positions have not passed ${this.#passed}: ${behind}`;
    else if (jobs !== null) this.obstacle = `jobs are not finished: ${jobs}`;
    return behind !== null || jobs !== null;
  }

  async #views(node: EngineNode): Promise<readonly EntityView[] | null> {
    const api = await node.ready();
    const views = await entitiesOf(api, node.nodeId);
    for (const view of views) if (!(await this.#isLevel(view, { node, api }))) return null;
    return views;
  }

  async #isLevel(
    view: EntityView,
    { node, api }: { readonly node: EngineNode; readonly api: ApiClient },
  ): Promise<boolean> {
    const { entityName, activity, reason } = view;
    const path = `/api/v1/entities/${entityName}`;
    if (activity === 'paused') await api.request('POST', `${path}/resume`);
    if (activity === 'failed') {
      this.#report.note(`entity failed, was refreshed: ${reason?.replaceAll(/[0-9][0-9,]*/g, 'N')}`);
      await api.request('POST', `${path}/refresh`, { body: { allowLargeSweep: true } });
    }
    const own = view.nodes.find(({ nodeId }) => nodeId === node.nodeId);
    const isLevel = activity === 'live' && own?.lagEntries === 0 && own.errorCode === null && view.cachePath !== null;
    if (!isLevel) this.obstacle = `${entityName} on ${node.nodeId} is ${activity}: ${JSON.stringify({ reason, own })}`;
    return isLevel && this.#isIndexed(view);
  }

  #isIndexed({ entityName, indexes }: EntityView): boolean {
    const missing = indexes.filter(({ nodes }) => nodes.some(({ state }) => state !== 'ready'));
    if (missing.length > 0) this.obstacle = `${entityName} lacks indexes: ${JSON.stringify(missing)}`;
    return missing.length === 0;
  }
}
