import type { EngineNode } from '../cluster/engine-node.ts';
import type { Target } from './fault.ts';

/** How long a step of the engine is waited for before the fault is given up, milliseconds. */
const reachMsMax = 4_000;

/** Resolves with true when the step is reached, false if that does not happen in time. */
export function reached(
  step: Promise<unknown>,
  { pause }: Pick<Target, 'pause'>,
  delayMsMax = reachMsMax,
): Promise<boolean> {
  return Promise.race([step.then(() => true), pause(delayMsMax).then(() => false)]);
}

/** An engine that leads a stream, any of them; the target's own node if none does. Most steps happen only there. */
export async function leaderOf({ cluster, node, dice }: Target): Promise<EngineNode> {
  const answer = await cluster.database.pool
    .query<{ nodeId: string }>('SELECT node_id AS "nodeId" FROM leader WHERE node_id IS NOT NULL ORDER BY stream_id')
    .catch(() => ({ rows: [] }));
  if (answer.rows.length === 0) return node;
  const { nodeId: leaderId } = dice.pick(answer.rows);
  return cluster.nodes.find(({ nodeId }) => nodeId === leaderId) ?? node;
}

/** Asks for work, so that the step has a reason to happen. Nobody waits for it, and it may be refused. */
export async function ask({ cluster, dice }: Target, what: 'refresh' | 'rebuild'): Promise<void> {
  const answer = await cluster.database.pool
    .query<{ name: string }>(`SELECT name FROM entity WHERE lifecycle = 'live' ORDER BY id`)
    .catch(() => ({ rows: [] }));
  const api = dice.pick(cluster.nodes).api;
  if (api === null || answer.rows.length === 0) return;
  const { name } = dice.pick(answer.rows);
  const body = what === 'refresh' ? { allowLargeSweep: true } : {};
  await api.request('POST', `/api/v1/entities/${name}/${what}`, { body }).catch(() => undefined);
}
