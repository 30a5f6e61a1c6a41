import type { Health } from './api-views.ts';
import { type CacheFacts, patience, type StatusFacts } from './status-facts.ts';
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
  if (!around.postgres.reachable) {
    const age = around.postgres.readAgeMs;
    const since = age === null ? '' : `; this was its state ${seconds(age)} ago`;
    return say('unknown', `PostgreSQL cannot be reached${since}.`);
  }
  if (entity.activity === 'failed')
    return say('failed', entity.reason ?? 'The entity failed, and no reason was recorded. Refresh it from the source.');
  // An operator paused or deleted it, so there is nothing to report.
  if (entity.activity === 'paused' || entity.activity === 'deleting') return well;
  const caches = cachesVerdict(entity);
  if (caches.health === 'failed') return caches;
  if (around.capture.health !== 'ok') return around.capture;
  if (caches.health !== 'ok') return caches;
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
  return entity.scanProgressAgeMs > patience.scanProgressAgeMsMax;
}

function cachesVerdict(entity: Facts): Verdict {
  const { caches } = entity;
  // Before the first promotion no node has a cache.
  if (caches.length === 0)
    return entity.activity === 'live' ? say('unknown', 'No node has reported a cache of this entity yet.') : well;
  const late = caches.filter((cache) => cache.reportAgeMs > patience.reportAgeMsMax);
  const prompt = caches.filter((cache) => !late.includes(cache));
  const broken = prompt.filter((cache) => cache.state === 'failed');
  if (prompt.length > 0 && broken.length === prompt.length) return say('failed', cacheFault(broken));
  if (broken.length > 0) return say('degraded', cacheFault(broken));
  if (prompt.length === 0) return say('unknown', `No report from ${namesOf(late)} for ${youngest(late)}.`);
  const stalled = prompt.filter(isStalled);
  if (stalled.length > 0)
    return say(
      'degraded',
      `The cache on ${namesOf(stalled)} has made no progress for ${longest(stalled, 'standstillMs')}.`,
    );
  const behind = prompt.filter((cache) => (cache.lagMs ?? 0) > patience.freshLagMsMax);
  if (entity.activity === 'live' && behind.length > 0)
    return say('degraded', `The cache on ${namesOf(behind)} is ${longest(behind, 'lagMs')} behind and catching up.`);
  if (late.length > 0) return say('degraded', `No report from ${namesOf(late)} for ${youngest(late)}.`);
  return well;
}

function isStalled(cache: CacheFacts): boolean {
  return cache.state !== 'paused' && (cache.lagEntries ?? 0) > 0 && cache.standstillMs > patience.standstillMsMax;
}

function cacheFault(broken: readonly CacheFacts[]): string {
  const error = broken[0]?.error ?? 'see its log for the cause';
  return `The cache on ${namesOf(broken)} failed: ${error}`;
}

function namesOf(caches: readonly CacheFacts[]): string {
  const names = caches.map((cache) => cache.nodeId);
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 2).join(', ')} and ${names.length - 2} more`;
}

function youngest(caches: readonly CacheFacts[]): string {
  return seconds(Math.min(...caches.map((cache) => cache.reportAgeMs)));
}

function longest(caches: readonly CacheFacts[], key: 'standstillMs' | 'lagMs'): string {
  return seconds(Math.max(...caches.map((cache) => cache[key] ?? 0)));
}

function say(health: Health, reason: string): Verdict {
  return { health, reason };
}
