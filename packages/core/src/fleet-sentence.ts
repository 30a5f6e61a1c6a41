import type { Activity, EntityView, Health, SourceOplogView } from './api-views.ts';
import type { StatusFacts } from './status-facts.ts';
import { counted, grouped, seconds } from './status-words.ts';
import type { Verdict } from './verdict.ts';

type Entity = Pick<EntityView, 'entityName' | 'activity' | 'health' | 'reason'>;

/** The facts and verdicts from which the fleet's sentences are written. */
export interface FleetVerdicts {
  readonly facts: StatusFacts;
  readonly capture: Verdict;
  readonly streams: readonly Verdict[];
  readonly sourceOplog: SourceOplogView;
  readonly entities: readonly Entity[];
  readonly health: Health;
}

/** The first sentence of the page: how many entities are fresh and how many need attention. */
export function fleetSentence({ facts, streams, sourceOplog, entities }: FleetVerdicts): string {
  const total = entities.length;
  if (!facts.postgres.reachable) return 'PostgreSQL cannot be reached; the state of the entities is unknown.';
  if (total === 0) return 'No entities yet.';
  const fresh = entities.filter(isFresh).length;
  const noun = total === 1 ? 'entity is' : 'entities are';
  const first = `${grouped(fresh)} of ${grouped(total)} ${noun} live and fresh`;
  // One outage has one cause: it does not make every entity a case of its own.
  const outages = streams.filter(({ health }) => health === 'degraded').map(({ reason }) => reason);
  const waiting = entities.filter(({ reason }) => reason !== null && outages.includes(reason));
  const others = [
    ...underWay(entities),
    ...waitingForChanges(waiting.length),
    ...inNeed(entities.filter((entity) => !waiting.includes(entity))),
    ...(sourceOplog.level === 'critical' ? ['the position in MongoDB is about to be lost'] : []),
  ];
  return others.length === 0 ? `${first}.` : `${first}; ${others.join(', ')}.`;
}

/** What this means for application data, and what to do. */
export function fleetDetail(verdicts: FleetVerdicts): string {
  const { facts, entities } = verdicts;
  if (!facts.postgres.reachable) return unreachableDetail(facts.postgres.readAgeMs);
  if (entities.length === 0) return 'Define an entity to copy a MongoDB collection into SQLite.';
  return troubleDetail(verdicts) ?? calmDetail(verdicts);
}

/** Null if every verdict is ok. */
function troubleDetail({ capture, sourceOplog, entities }: FleetVerdicts): string | null {
  const failed = entities.find((entity) => entity.health === 'failed');
  if (failed !== undefined)
    return `${failed.entityName}: ${failed.reason ?? 'failed'} Its caches keep serving their last rows; other entities are not affected.`;
  if (sourceOplog.level === 'critical') return [capture.reason, sourceOplog.reason].filter(Boolean).join(' ');
  if (capture.health !== 'ok')
    return `${capture.reason ?? ''} Caches keep serving but receive no new changes meanwhile; nothing is lost.`;
  const troubled = entities.find((entity) => entity.health !== 'ok');
  return troubled === undefined ? null : `${troubled.entityName}: ${troubled.reason ?? ''}`;
}

/** A warning is no fault, so it is said only if there is none. */
function calmDetail(verdicts: FleetVerdicts): string {
  const { level, reason } = verdicts.sourceOplog;
  return (level === 'warning' ? reason : null) ?? warningDetail(verdicts) ?? idleDetail(verdicts);
}

function warningDetail({ facts }: FleetVerdicts): string | null {
  const count = facts.entities.reduce((sum, { warnings }) => sum + warnings.length, 0);
  const warned = facts.entities.find(({ warnings }) => warnings.length > 0);
  if (warned === undefined) return null;
  return `${counted(count, 'warning', 'warnings')}. ${warned.entityName}: ${warned.warnings[0]}`;
}

function idleDetail({ entities, health }: FleetVerdicts): string {
  const isWaiting = health === 'ok' && entities.some((entity) => isUnderWay(entity.activity));
  return isWaiting ? 'Entities become readable when their first scan is complete. Nothing to do.' : 'Nothing to do.';
}

function unreachableDetail(readAgeMs: number | null): string {
  const since = readAgeMs === null ? '' : ` This page shows the state of ${seconds(readAgeMs)} ago.`;
  return `Caches keep serving their current rows; changes wait and nothing is lost.${since} The engine keeps retrying; if this persists, check DATABASE_URL.`;
}

/** Live, healthy and not behind. */
function isFresh({ activity, health }: Entity): boolean {
  return activity === 'live' && health === 'ok';
}

const underWayWords: readonly (readonly [Activity, string])[] = [
  ['pending', 'waiting to be scanned'],
  ['scanning', 'being scanned'],
  ['catching-up', 'catching up'],
  ['paused', 'paused'],
  ['deleting', 'being deleted'],
];

function isUnderWay(activity: Activity): boolean {
  return activity === 'pending' || activity === 'scanning' || activity === 'catching-up';
}

function underWay(entities: readonly Entity[]): string[] {
  return underWayWords.flatMap(([activity, words]) => {
    const count = entities.filter((entity) => entity.activity === activity && entity.health === 'ok').length;
    return count === 0 ? [] : [`${grouped(count)} ${words}`];
  });
}

function waitingForChanges(count: number): string[] {
  return count === 0 ? [] : [`${grouped(count)} ${count === 1 ? 'waits' : 'wait'} for changes from MongoDB`];
}

function inNeed(entities: readonly Entity[]): string[] {
  const unknown = entities.filter((entity) => entity.health === 'unknown').length;
  const troubled = entities.filter((entity) => entity.health === 'failed' || entity.health === 'degraded').length;
  return [
    ...(unknown === 0 ? [] : [`the state of ${counted(unknown, 'entity', 'entities')} is unknown`]),
    ...(troubled === 0 ? [] : [`${grouped(troubled)} ${troubled === 1 ? 'needs' : 'need'} attention`]),
  ];
}
