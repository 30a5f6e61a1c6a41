import type { Health } from './api-views.ts';
import { isStalled } from './entity-causes.ts';
import { type CacheFacts, type StatusFacts, thresholds } from './status-facts.ts';
import { counted, seconds } from './status-words.ts';
import type { Verdict } from './verdict.ts';

type Facts = StatusFacts['entities'][number];

/** The facts outside an entity that its verdict depends on. */
export interface Surroundings {
  readonly postgres: StatusFacts['postgres'];
  readonly capture: Verdict;
}

const well: Verdict = { health: 'ok', reason: null };

/** Rules are tried in order; the first that applies gives the reason shown. */
export function deriveEntityVerdict(entity: Facts, around: Surroundings): Verdict {
  if (!around.postgres.reachable) return postgresUnreachable(around.postgres.readAgeMs);
  if (entity.activity === 'failed')
    return say('failed', entity.reason ?? 'The entity failed, and no reason was recorded. Refresh it from the source.');
  // An operator paused or deleted it, so there is nothing to report.
  if (entity.activity === 'paused' || entity.activity === 'deleting') return well;
  const caches = cachesVerdict(entity);
  if (caches.health === 'failed') return caches;
  if (around.capture.health !== 'ok') return around.capture;
  if (caches.health !== 'ok') return caches;
  return copyVerdict(entity);
}

function postgresUnreachable(readAgeMs: number | null): Verdict {
  const since = readAgeMs === null ? '' : `; this was its state ${seconds(readAgeMs)} ago`;
  return say('unknown', `PostgreSQL cannot be reached${since}.`);
}

/** Whether all documents are being copied. */
function copyVerdict(entity: Facts): Verdict {
  if (isScanStalled(entity))
    return say('degraded', `The scan has made no progress for ${seconds(entity.scanProgressAgeMs ?? 0)}.`);
  if (entity.deadLetters > 0) {
    const documents = counted(entity.deadLetters, 'document', 'documents');
    return say('degraded', `${documents} could not be projected (see dead letters); all others are copied.`);
  }
  return well;
}

function isScanStalled(entity: Facts): boolean {
  if (entity.activity !== 'scanning' || entity.scanProgressAgeMs === null) return false;
  return entity.scanProgressAgeMs > thresholds.scanProgressAgeMsMax;
}

function cachesVerdict(entity: Facts): Verdict {
  const { caches } = entity;
  // Before the first promotion no node has a cache.
  if (caches.length === 0)
    return entity.activity === 'live' ? say('unknown', 'No node has reported a cache of this entity yet.') : well;
  const late = caches.filter((cache) => cache.reportAgeMs > thresholds.reportAgeMsMax);
  const prompt = caches.filter((cache) => !late.includes(cache));
  if (prompt.length === 0) return say('unknown', noReport(late));
  const trouble = failure(prompt) ?? recovery(prompt) ?? wrongness(prompt) ?? slowness(prompt, entity.activity);
  if (trouble !== null) return trouble;
  return late.length > 0 ? say('degraded', noReport(late)) : well;
}

function failure(caches: readonly CacheFacts[]): Verdict | null {
  const broken = caches.filter((cache) => cache.state === 'failed');
  if (broken.length === 0) return null;
  const error = broken[0]?.error ?? 'see its log for the cause';
  const health = broken.length === caches.length ? 'failed' : 'degraded';
  return say(health, `The cache on ${namesOf(broken)} failed: ${error}`);
}

/** A cache keeps its error until it is level again, so that health is never ok beside an error. */
function recovery(caches: readonly CacheFacts[]): Verdict | null {
  const recovering = caches.filter((cache) => cache.error !== null && cache.state !== 'paused');
  if (recovering.length === 0) return null;
  return say('degraded', `The cache on ${namesOf(recovering)} is recovering from an error: ${recovering[0]?.error}`);
}

function wrongness(caches: readonly CacheFacts[]): Verdict | null {
  const wrong = caches.filter((cache) => cache.differences > 0);
  if (wrong.length === 0) return null;
  const count = Math.max(...wrong.map((cache) => cache.differences));
  const rows = counted(count, 'wrong row', 'wrong rows');
  const nextStep = count < thresholds.repairRowsMax ? 'Repair it.' : 'These are too many for a repair: rebuild it.';
  return say('degraded', `A verification found ${rows} in the cache on ${namesOf(wrong)}. ${nextStep}`);
}

function slowness(caches: readonly CacheFacts[], activity: Facts['activity']): Verdict | null {
  const stalled = caches.filter(isStalled);
  if (stalled.length > 0)
    return say(
      'degraded',
      `The cache on ${namesOf(stalled)} has made no progress for ${longest(stalled, 'standstillMs')}.`,
    );
  const behind = caches.filter((cache) => (cache.lagMs ?? 0) > thresholds.freshLagMsMax);
  if (activity !== 'live' || behind.length === 0) return null;
  return say('degraded', `The cache on ${namesOf(behind)} is ${longest(behind, 'lagMs')} behind and catching up.`);
}

function noReport(late: readonly CacheFacts[]): string {
  const youngestMs = Math.min(...late.map((cache) => cache.reportAgeMs));
  return `No report from ${namesOf(late)} for ${seconds(youngestMs)}.`;
}

function namesOf(caches: readonly CacheFacts[]): string {
  const names = caches.map((cache) => cache.nodeId);
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

function longest(caches: readonly CacheFacts[], key: 'standstillMs' | 'lagMs'): string {
  return seconds(Math.max(...caches.map((cache) => cache[key] ?? 0)));
}

function say(health: Health, reason: string): Verdict {
  return { health, reason };
}
