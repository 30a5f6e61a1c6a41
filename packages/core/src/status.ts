import type { Health, SourceOplogView } from './api-views.ts';
import { deriveEntityVerdict } from './entity-verdict.ts';
import { fleetDetail, fleetSentence } from './fleet-sentence.ts';
import { deriveHeadroom } from './oplog-headroom.ts';
import { type CaptureFacts, type NodeFacts, type StatusFacts, thresholds } from './status-facts.ts';
import { seconds } from './status-words.ts';
import type { Verdict } from './verdict.ts';

/** The verdict on the whole fleet. Entities are keyed by name, nodes by id. */
export interface FleetStatus {
  readonly health: Health;
  readonly sentence: string;
  readonly detail: string;
  /** The worst of the streams that have entities. */
  readonly capture: Verdict;
  readonly streams: ReadonlyMap<string, Verdict>;
  readonly sourceOplog: SourceOplogView;
  /** By entity name. */
  readonly entities: ReadonlyMap<string, Verdict>;
  readonly nodes: ReadonlyMap<string, Health>;
}

/**
 * Decides the health of everything (I12): console, API, metrics and alerts all show its result. Pure; rules are ordered by
 * what an operator must know first. A late report makes health `unknown`, never `ok`. Health is judged by progress: a loop
 * that runs without advancing is degraded.
 */
export function deriveStatus(facts: StatusFacts): FleetStatus {
  const streams = deriveStreams(facts);
  const capture = worstOf(facts, streams);
  const entities = facts.entities.map((entity) => {
    const { entityName, activity } = entity;
    const around = { postgres: facts.postgres, capture: streams.get(entity.stream) ?? unknownStream };
    return { entityName, activity, ...deriveEntityVerdict(entity, around) };
  });
  const nodes = new Map(facts.nodes.map((node) => [node.nodeId, deriveNode(node, facts.postgres.reachable)]));
  const sourceOplog = deriveHeadroom(facts.headroom);
  const health = fleetHealth(facts, entities, { capture, sourceOplog });
  const verdicts = { facts, capture, streams: [...streams.values()], sourceOplog, entities, health };
  return {
    health,
    sentence: fleetSentence(verdicts),
    detail: fleetDetail(verdicts),
    capture,
    streams,
    sourceOplog,
    entities: new Map(entities.map(({ entityName, health, reason }) => [entityName, { health, reason }])),
    nodes,
  };
}

const unknownStream: Verdict = { health: 'unknown', reason: 'The stream of this entity is not known yet.' };

/** A reason names its stream if there are several. */
function deriveStreams({ captures, postgres }: StatusFacts): ReadonlyMap<string, Verdict> {
  const verdicts = [...captures].map(([stream, facts]): [string, Verdict] => {
    const { health, reason } = deriveCapture(facts, postgres.reachable);
    const isNamed = captures.size > 1 && reason !== null && postgres.reachable;
    return [stream, { health, reason: isNamed ? `Stream ${stream}: ${reason}` : reason }];
  });
  return new Map(verdicts);
}

/** A stream without entities matters only if there are no entities at all. */
function worstOf({ entities }: StatusFacts, streams: ReadonlyMap<string, Verdict>): Verdict {
  const used = new Set(entities.map(({ stream }) => stream));
  const verdicts = [...streams].filter(([stream]) => used.size === 0 || used.has(stream)).map(([, verdict]) => verdict);
  const worst = worstFirst.find((health) => verdicts.some((verdict) => verdict.health === health));
  return verdicts.find(({ health }) => health === worst) ?? unknownStream;
}

function deriveCapture(capture: CaptureFacts, postgresReachable: boolean): Verdict {
  if (!postgresReachable) return { health: 'unknown', reason: 'PostgreSQL cannot be reached.' };
  if (capture.leaderNodeId === null)
    return { health: 'degraded', reason: 'No node is ingesting; changes wait in MongoDB until one does.' };
  const { leaderReportAgeMs, replyAgeMs } = capture;
  if (leaderReportAgeMs === null || leaderReportAgeMs > thresholds.reportAgeMsMax)
    return { health: 'unknown', reason: `The leader ${capture.leaderNodeId} ${lateness(leaderReportAgeMs)}.` };
  if (capture.error !== null)
    return { health: 'degraded', reason: `The change stream is not being read: ${capture.error}` };
  if (replyAgeMs === null) return { health: 'unknown', reason: 'MongoDB has not answered on the change stream yet.' };
  if (replyAgeMs > thresholds.replyAgeMsMax)
    return { health: 'degraded', reason: `MongoDB has not answered on the change stream for ${seconds(replyAgeMs)}.` };
  if (!capture.streamOpen) return { health: 'degraded', reason: 'The change stream is being reopened.' };
  return { health: 'ok', reason: null };
}

function deriveNode(node: NodeFacts, postgresReachable: boolean): Health {
  return postgresReachable && node.reportAgeMs <= thresholds.reportAgeMsMax ? 'ok' : 'unknown';
}

/** `unknown` ranks above `degraded` because it may hide a failure. */
const worstFirst = ['failed', 'unknown', 'degraded', 'ok'] as const;

/** The worst health of all parts. */
function fleetHealth(
  facts: StatusFacts,
  entities: readonly Verdict[],
  { capture, sourceOplog }: Pick<FleetStatus, 'capture' | 'sourceOplog'>,
): Health {
  if (!facts.postgres.reachable) return 'unknown';
  const healths = entities.map((entity) => entity.health);
  if (entities.length > 0) healths.push(capture.health);
  if (entities.length > 0 && sourceOplog.level === 'critical') healths.push('degraded');
  return worstFirst.find((health) => healths.includes(health)) ?? 'ok';
}

function lateness(ageMs: number | null): string {
  return ageMs === null ? 'has never reported' : `has not reported for ${seconds(ageMs)}`;
}
