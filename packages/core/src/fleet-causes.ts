import type { SourceOplogView } from './api-views.ts';
import { entityCauses } from './entity-causes.ts';
import { isErrorCode } from './error-codes.ts';
import { type Cause, type FleetCauses, mergedCauses } from './fleet-cause.ts';
import { deriveStatus } from './status.ts';
import { type CaptureFacts, type StatusFacts, thresholds } from './status-facts.ts';
import { seconds } from './status-words.ts';
import type { Verdict } from './verdict.ts';

/**
 * Every cause of what is not well, each once (I12). Verdicts name the first trouble of an entity; here are all of them, because one that is
 * hidden by an outage is still there. Pure.
 */
export function deriveCauses(facts: StatusFacts): FleetCauses {
  if (!facts.postgres.reachable) return { causes: [postgresAway(facts)], undecided: new Set() };
  const verdicts = deriveStatus(facts);
  const streams = [...facts.captures].map(([stream, capture]): Stream => {
    const fed = facts.entities.filter((entity) => entity.stream === stream && isFedBy(entity.activity));
    return { stream, capture, verdict: verdicts.streams.get(stream) ?? null, entities: fed.map(nameOf) };
  });
  const used = streams.filter(({ entities }) => entities.length > 0);
  const isFed = (stream: string): boolean => verdicts.streams.get(stream)?.health === 'ok';
  const causes = [
    ...silentNodes(facts),
    ...used.flatMap(streamCauses),
    ...used.flatMap(lossCauses),
    ...headroomCauses(facts, verdicts.sourceOplog),
    ...facts.entities.flatMap((entity) => entityCauses(entity, isFed(entity.stream))),
  ];
  return { causes: mergedCauses(causes), undecided: undecidedSubjects(facts, used) };
}

interface Stream {
  readonly stream: string;
  readonly capture: CaptureFacts;
  readonly verdict: Verdict | null;
  /** That it feeds. */
  readonly entities: readonly string[];
}

/** A failed entity gets no changes, whatever its stream does. */
function isFedBy(activity: StatusFacts['entities'][number]['activity']): boolean {
  return activity !== 'deleting' && activity !== 'failed' && activity !== 'paused';
}

function nameOf({ entityName }: { readonly entityName: string }): string {
  return entityName;
}

function postgresAway({ postgres, entities }: StatusFacts): Cause {
  return {
    subject: 'postgresql',
    errorCode: 'EMC-3001',
    detail: 'PostgreSQL cannot be reached.',
    ageMs: postgres.readAgeMs,
    isMomentous: false,
    entities: entities.map(nameOf),
    nodes: [],
  };
}

/** Why a stream is not read. A leader that is silent is a node that is silent. */
function streamCauses({ stream, capture, verdict, entities }: Stream): Cause[] {
  if (verdict === null || verdict.health === 'ok') return [];
  const { leaderNodeId, leaderReportAgeMs, replyAgeMs } = capture;
  const said = { detail: verdict.reason ?? '', isMomentous: false, entities };
  if (leaderNodeId === null)
    return [{ ...said, subject: `stream:${stream}`, errorCode: 'EMC-5024', ageMs: null, nodes: [] }];
  const nodes = [leaderNodeId];
  if (isLate(leaderReportAgeMs))
    return [{ ...said, subject: `node:${leaderNodeId}`, errorCode: 'EMC-5022', ageMs: leaderReportAgeMs, nodes }];
  return [{ ...said, ...captureFault(stream, capture), ageMs: replyAgeMs, nodes }];
}

/** Codes of a MongoDB that is away: which of them the leader meets depends on when it asks. */
const awayCodes: ReadonlySet<string> = new Set(['EMC-2001', 'EMC-2004']);

function captureFault(stream: string, { error, errorCode }: CaptureFacts): Pick<Cause, 'subject' | 'errorCode'> {
  if (error === null || !isErrorCode(errorCode) || awayCodes.has(errorCode))
    return { subject: 'mongodb', errorCode: 'EMC-2001' };
  if (errorCode === 'EMC-3001') return { subject: 'postgresql', errorCode };
  return { subject: `stream:${stream}`, errorCode };
}

function lossCauses({ stream, capture, entities }: Stream): Cause[] {
  const { loss } = capture;
  if (loss === null) return [];
  const errorCode = isErrorCode(loss.errorCode) ? loss.errorCode : 'EMC-2003';
  const { reason: detail, ageMs } = loss;
  return [{ subject: `stream:${stream}`, errorCode, detail, ageMs, isMomentous: true, entities, nodes: [] }];
}

function headroomCauses({ entities }: StatusFacts, { level, reason }: SourceOplogView): Cause[] {
  if (level !== 'critical' || entities.length === 0) return [];
  const said = { detail: reason ?? '', ageMs: null, isMomentous: false };
  return [{ subject: 'mongodb', errorCode: 'EMC-2021', ...said, entities: entities.map(nameOf), nodes: [] }];
}

function silentNodes({ nodes, entities }: StatusFacts): Cause[] {
  return nodes
    .filter(({ reportAgeMs }) => isLate(reportAgeMs))
    .map(({ nodeId, reportAgeMs }) => ({
      subject: `node:${nodeId}`,
      errorCode: 'EMC-5022',
      detail: `The node ${nodeId} has not reported for ${seconds(reportAgeMs)}.`,
      ageMs: reportAgeMs,
      isMomentous: false,
      entities: entities.filter(({ caches }) => caches.some((cache) => cache.nodeId === nodeId)).map(nameOf),
      nodes: [nodeId],
    }));
}

/** Nothing new is known of the caches of a silent node, nor of MongoDB while the leader that reads it is silent. */
function undecidedSubjects({ nodes }: StatusFacts, streams: readonly Stream[]): ReadonlySet<string> {
  const silent = nodes.filter(({ reportAgeMs }) => isLate(reportAgeMs)).map(({ nodeId }) => `node:${nodeId}`);
  const blind = streams.filter(({ capture }) => isLeaderSilent(capture)).map(({ stream }) => `stream:${stream}`);
  return new Set([...silent, ...blind, ...(blind.length > 0 ? ['mongodb'] : [])]);
}

function isLeaderSilent({ leaderNodeId, leaderReportAgeMs }: CaptureFacts): boolean {
  return leaderNodeId === null || isLate(leaderReportAgeMs);
}

function isLate(ageMs: number | null): boolean {
  return ageMs === null || ageMs > thresholds.reportAgeMsMax;
}
