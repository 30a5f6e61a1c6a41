import type { AppRouter } from '@emcachers/engine/api';
import type { inferRouterOutputs } from '@trpc/server';
import type { StatusWords } from '../../entity-facts/status-words.ts';

export type Incident = inferRouterOutputs<AppRouter>['incidents']['list']['entries'][number];

/** What an incident concerns, and the page that tells more of it; null if none does. */
export interface SubjectWords {
  readonly words: string;
  readonly href: string | null;
}

export function subjectWords({ subject: { kind, name } }: Incident): SubjectWords {
  switch (kind) {
    case 'entity':
      return { words: `Entity ${name ?? ''}`, href: `/entities/${encodeURIComponent(name ?? '')}` };
    case 'node':
      return { words: `Node ${name ?? ''}`, href: '/nodes' };
    case 'stream':
      return { words: `Stream ${name ?? ''}`, href: null };
    case 'mongodb':
      return { words: 'MongoDB', href: null };
    case 'postgresql':
      return { words: 'PostgreSQL', href: null };
  }
}

export function incidentStatus({ closedAt, acknowledgedAt }: Incident): StatusWords {
  if (closedAt !== null) return { tone: 'ok', words: 'Closed' };
  return acknowledgedAt === null ? { tone: 'bad', words: 'New' } : { tone: 'warn', words: 'Acknowledged' };
}
