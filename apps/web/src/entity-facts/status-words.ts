import type { Activity, EntityView, Health, JobStatus } from '@emcachers/core/api-views';
import { unreachable } from '@emcachers/core/unreachable';
import { formatShare, plural } from '../format/numbers.ts';
import { scanProgress } from './scan-progress.ts';

/** The five looks of a status; each has its own icon, so that colour is never the only signal. */
export type Tone = 'ok' | 'warn' | 'bad' | 'busy' | 'unknown';

export interface StatusWords {
  readonly tone: Tone;
  readonly words: string;
}

export function toneOfHealth(health: Health): Tone {
  switch (health) {
    case 'ok':
      return 'ok';
    case 'degraded':
      return 'warn';
    case 'failed':
      return 'bad';
    case 'unknown':
      return 'unknown';
    default:
      return unreachable(health);
  }
}

type StatusFacts = Pick<EntityView, 'activity' | 'health' | 'scan' | 'nodes'>;

/** The status pill of an entity: its activity, and its problem if it has one. */
export function statusWords(entity: StatusFacts): StatusWords {
  const { activity, health } = entity;
  switch (activity) {
    case 'live':
      return liveWords(entity);
    case 'failed':
      return health === 'unknown'
        ? { tone: 'unknown', words: 'Failed, unconfirmed' }
        : { tone: 'bad', words: 'Failed' };
    case 'paused':
      return { tone: 'unknown', words: 'Paused' };
    case 'pending':
      return { tone: busyTone(health), words: 'Pending' };
    case 'scanning': {
      const { share } = scanProgress(entity.scan);
      return { tone: busyTone(health), words: share === null ? 'Scanning' : `Scanning ${formatShare(share)}` };
    }
    case 'catching-up':
      return { tone: busyTone(health), words: 'Catching up' };
    case 'deleting':
      return { tone: busyTone(health), words: 'Deleting' };
    default:
      return unreachable(activity);
  }
}

function busyTone(health: Health): Tone {
  return health === 'ok' ? 'busy' : toneOfHealth(health);
}

function liveWords({ health, nodes }: StatusFacts): StatusWords {
  const tone = toneOfHealth(health);
  if (health === 'ok') return { tone, words: 'Live' };
  // If nothing is known of the entity, silent nodes are not the news.
  if (health === 'unknown') return { tone, words: 'Live, unconfirmed' };
  const silent = nodes.filter((node) => node.health === 'unknown').length;
  const behind = nodes.filter((node) => node.health === 'degraded').length;
  const failed = nodes.filter((node) => node.health === 'failed').length;
  if (failed > 0) return { tone, words: `Live, ${plural(failed, 'node')} failed` };
  if (behind > 0) return { tone, words: `Live, ${plural(behind, 'node')} behind` };
  if (silent > 0) return { tone, words: `Live, ${plural(silent, 'node')} silent` };
  return { tone, words: health === 'failed' ? 'Live, failing' : 'Live, degraded' };
}

/** The name of an activity within sentences and announcements. */
export const activityWords: Readonly<Record<Activity, string>> = {
  pending: 'pending',
  scanning: 'scanning',
  'catching-up': 'catching up',
  live: 'live',
  paused: 'paused',
  failed: 'failed',
  deleting: 'deleting',
};

export const healthWords: Readonly<Record<Health, string>> = {
  ok: 'Healthy',
  degraded: 'Degraded',
  failed: 'Failed',
  unknown: 'Unknown',
};

export const jobStatusWords: Readonly<Record<JobStatus, StatusWords>> = {
  queued: { tone: 'unknown', words: 'Queued' },
  running: { tone: 'busy', words: 'Running' },
  succeeded: { tone: 'ok', words: 'Succeeded' },
  failed: { tone: 'bad', words: 'Failed' },
  cancelled: { tone: 'unknown', words: 'Cancelled' },
};
