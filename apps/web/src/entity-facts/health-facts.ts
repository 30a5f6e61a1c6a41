import type { EntityNodeView, EntityView } from '@emcachers/core/api-views';
import { formatCount, formatShare, plural } from '../format/numbers.ts';
import { formatLag } from '../format/times.ts';
import { scanProgress } from './scan-progress.ts';
import { type Tone, toneOfHealth } from './status-words.ts';

/** One line of the health card: the name of the check, its result, and the figure behind it. */
export interface HealthFact {
  readonly tone: Tone;
  readonly name: string;
  readonly evidence: string;
}

/** The checks behind an entity's health. The engine decides the health; this shows the reasons. */
export function healthFacts(entity: EntityView): readonly HealthFact[] {
  return [scanFact(entity), ...nodeFacts(entity.nodes), ...documentFacts(entity)];
}

function scanFact({ scan, activity }: EntityView): HealthFact {
  const name = 'Scan is complete';
  if (scan.finishedAt !== null) return { tone: 'ok', name, evidence: plural(scan.scanned, 'document') };
  if (scan.startedAt === null) return { tone: 'unknown', name, evidence: 'not started' };
  const { share } = scanProgress(scan);
  const evidence = share === null ? plural(scan.scanned, 'document') : formatShare(share);
  return { tone: activity === 'scanning' ? 'busy' : 'unknown', name, evidence };
}

function nodeFacts(nodes: readonly EntityNodeView[]): readonly HealthFact[] {
  if (nodes.length === 0) return [{ tone: 'unknown', name: 'Nodes report', evidence: 'none yet' }];
  const silent = nodes.filter((node) => node.health === 'unknown');
  const failed = nodes.filter((node) => node.health === 'failed');
  const behind = nodes.filter((node) => node.health === 'degraded');
  return [
    {
      tone: silent.length === 0 ? 'ok' : 'unknown',
      name: 'Nodes report',
      evidence: silent.length === 0 ? plural(nodes.length, 'node') : `${namesOf(silent)} silent`,
    },
    {
      tone: failed.length === 0 ? 'ok' : 'bad',
      name: 'Cache files work',
      evidence: failed.length === 0 ? plural(nodes.length, 'file') : namesOf(failed),
    },
    {
      tone: behind.length === 0 ? levelTone(nodes) : 'warn',
      name: 'Nodes are up to date',
      evidence: behind.length === 0 ? lagOf(nodes) : `${namesOf(behind)}, ${lagOf(behind)}`,
    },
  ];
}

/** Nodes count as up to date only if every node reports so. */
function levelTone(nodes: readonly EntityNodeView[]): Tone {
  return nodes.every((node) => node.health === 'ok') ? 'ok' : toneOfHealth('unknown');
}

function lagOf(nodes: readonly EntityNodeView[]): string {
  const lags = nodes.map((node) => node.lagMs).filter((lagMs) => lagMs !== null);
  if (lags.length === 0) return 'lag unknown';
  const worstMs = Math.max(...lags);
  return worstMs === 0 ? 'no lag' : formatLag(worstMs);
}

function namesOf(nodes: readonly EntityNodeView[]): string {
  const [first] = nodes;
  return nodes.length === 1 && first !== undefined ? first.nodeId : plural(nodes.length, 'node');
}

function documentFacts({ deadLetters, coercionErrors, warnings }: EntityView): readonly HealthFact[] {
  return [
    {
      tone: deadLetters === 0 ? 'ok' : 'warn',
      name: 'Every document was copied',
      evidence: deadLetters === 0 ? 'no dead letters' : plural(deadLetters, 'dead letter'),
    },
    {
      tone: coercionErrors === 0 ? 'ok' : 'warn',
      name: 'Every value fits its column',
      evidence:
        coercionErrors === 0 ? 'no type errors' : `${formatCount(coercionErrors)} refused since the last scan began`,
    },
    ...pathFacts(warnings),
  ];
}

/** Nothing is said while all paths met values, because a path of an optional field is no failure either. */
function pathFacts(warnings: readonly string[]): readonly HealthFact[] {
  if (warnings.length === 0) return [];
  return [{ tone: 'warn', name: 'Every path meets values', evidence: warnings.join(' ') }];
}
