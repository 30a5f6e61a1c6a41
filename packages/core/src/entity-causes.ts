import { isErrorCode } from './error-codes.ts';
import type { Cause, CauseSubject } from './fleet-cause.ts';
import { type CacheFacts, type StatusFacts, thresholds } from './status-facts.ts';
import { counted, seconds } from './status-words.ts';

type Facts = StatusFacts['entities'][number];

/**
 * Everything that is wrong with one entity, while its verdict tells only what an operator must know first. `isFed`: its stream is read; a
 * scan that waits for MongoDB has no cause of its own. Paused and deleted entities have none.
 */
export function entityCauses(entity: Facts, isFed: boolean): readonly Cause[] {
  if (entity.activity === 'paused' || entity.activity === 'deleting') return [];
  const about = aboutEntity(entity);
  return [
    ...failureCauses(entity, about),
    ...entity.caches.flatMap((cache) => cacheCauses(entity, cache)),
    ...unreported(entity, about),
    ...(isFed ? scanCauses(entity, about) : []),
    ...deadLetterCauses(entity, about),
  ];
}

type About = (cause: Pick<Cause, 'errorCode' | 'detail' | 'ageMs'>) => Cause;

function aboutEntity({ entityName }: Facts): About {
  const subject: CauseSubject = `entity:${entityName}`;
  return (cause) => ({ subject, isMomentous: false, entities: [entityName], nodes: [], ...cause });
}

function failureCauses({ activity, reason, errorCode, stageAgeMs }: Facts, about: About): Cause[] {
  if (activity !== 'failed') return [];
  const code = isErrorCode(errorCode) ? errorCode : 'EMC-5999';
  return [
    about({ errorCode: code, detail: reason ?? 'The entity failed, and no reason was recorded.', ageMs: stageAgeMs }),
  ];
}

function unreported({ activity, caches }: Facts, about: About): Cause[] {
  if (activity !== 'live' || caches.length > 0) return [];
  return [about({ errorCode: 'EMC-5023', detail: 'No node has reported a cache of this entity yet.', ageMs: null })];
}

function scanCauses({ activity, scanProgressAgeMs }: Facts, about: About): Cause[] {
  if (activity !== 'scanning' || scanProgressAgeMs === null) return [];
  if (scanProgressAgeMs <= thresholds.scanProgressAgeMsMax) return [];
  const detail = `The scan has made no progress for ${seconds(scanProgressAgeMs)}.`;
  return [about({ errorCode: 'EMC-5023', detail, ageMs: scanProgressAgeMs })];
}

function deadLetterCauses({ deadLetters, deadLetterCodes }: Facts, about: About): Cause[] {
  if (deadLetters === 0) return [];
  const documents = counted(deadLetters, 'document', 'documents');
  const detail = `${documents} could not be projected; all others are copied.`;
  const codes = deadLetterCodes.filter(isErrorCode);
  return codes.map((errorCode) => about({ errorCode, detail, ageMs: null }));
}

/** What a node that reports says about its cache. One that is silent is a cause of its own. */
function cacheCauses(entity: Facts, cache: CacheFacts): Cause[] {
  if (cache.reportAgeMs > thresholds.reportAgeMsMax || cache.state === 'paused') return [];
  const found = [errorOf(entity, cache), wrongRowsOf(entity, cache), slownessOf(entity, cache)];
  return found.filter((cause) => cause !== null);
}

type OfNode = Pick<Cause, 'errorCode' | 'detail' | 'ageMs'>;

function onNode({ entityName }: Facts, { nodeId }: CacheFacts, cause: OfNode): Cause {
  return { subject: `node:${nodeId}`, isMomentous: false, entities: [entityName], nodes: [nodeId], ...cause };
}

/** A cache keeps its error until it is level again. An error of PostgreSQL is an outage of it, not one of the node. */
function errorOf(entity: Facts, cache: CacheFacts): Cause | null {
  if (cache.state !== 'failed' && cache.error === null) return null;
  const errorCode = isErrorCode(cache.errorCode) ? cache.errorCode : 'EMC-4003';
  const detail = `${entity.entityName}: ${cache.error ?? 'the cache failed; see the log of the node.'}`;
  const cause = onNode(entity, cache, { errorCode, detail, ageMs: null });
  return errorCode === 'EMC-3001' ? { ...cause, subject: 'postgresql' } : cause;
}

function wrongRowsOf(entity: Facts, cache: CacheFacts): Cause | null {
  if (cache.differences === 0) return null;
  const rows = counted(cache.differences, 'wrong row', 'wrong rows');
  const detail = `A verification found ${rows} in the cache of ${entity.entityName}.`;
  return onNode(entity, cache, { errorCode: 'EMC-4006', detail, ageMs: null });
}

function slownessOf(entity: Facts, cache: CacheFacts): Cause | null {
  const lagMs = entity.activity === 'live' ? (cache.lagMs ?? 0) : 0;
  if (isStalled(cache)) {
    const detail = `The cache of ${entity.entityName} has made no progress for ${seconds(cache.standstillMs)}.`;
    return onNode(entity, cache, { errorCode: 'EMC-5023', detail, ageMs: cache.standstillMs });
  }
  if (lagMs <= thresholds.freshLagMsMax) return null;
  const detail = `The cache of ${entity.entityName} is ${seconds(lagMs)} behind.`;
  return onNode(entity, cache, { errorCode: 'EMC-5023', detail, ageMs: lagMs });
}

/** Entries wait, and the offset does not move. */
export function isStalled(cache: CacheFacts): boolean {
  return cache.state !== 'paused' && (cache.lagEntries ?? 0) > 0 && cache.standstillMs > thresholds.standstillMsMax;
}
