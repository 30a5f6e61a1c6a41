'use client';

import { CircleAlert, Database, ListChecks, ScrollText, Server, Siren } from 'lucide-react';
import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { formatCount } from '../../format/numbers.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { classes } from '../ui/classes.ts';

const places = [
  { href: '/', words: 'Entities', icon: Database, below: '/entities' },
  { href: '/problems', words: 'Problems', icon: CircleAlert, below: '/problems' },
  { href: '/incidents', words: 'Incidents', icon: Siren, below: '/incidents' },
  { href: '/nodes', words: 'Nodes', icon: Server, below: '/nodes' },
  { href: '/jobs', words: 'Jobs', icon: ListChecks, below: '/jobs' },
  { href: '/audit', words: 'Audit', icon: ScrollText, below: '/audit' },
] as const;

/** What is counted, for screen readers. */
const countWords: Readonly<Record<string, string>> = { '/jobs': 'active', '/incidents': 'new' };

export function Navigation() {
  const pathname = usePathname();
  const { fleet } = useFleet();
  const counts: Readonly<Record<string, number | undefined>> = {
    '/': fleet?.entities.length,
    '/incidents': fleet?.incidents.unacknowledged,
    '/nodes': fleet?.nodes.length,
    '/jobs': fleet?.activeJobs,
  };
  return (
    <nav aria-label="Main" className="px-2.5 max-md:col-span-2 max-md:pt-1 max-md:pb-2">
      <ul className="flex flex-wrap gap-0.5 md:flex-col">
        {places.map(({ href, words, icon: Icon, below }) => {
          const here = pathname === href || pathname.startsWith(below);
          return (
            <li key={href}>
              <Link
                href={href}
                aria-current={here ? 'page' : undefined}
                className={classes(
                  'flex min-h-8 items-center gap-2.5 whitespace-nowrap rounded-control px-2 font-[500] max-[30rem]:gap-1.5 max-[30rem]:px-1.5',
                  here ? 'bg-sunken text-ink' : 'text-ink-2 hover:bg-sunken hover:text-ink',
                )}
              >
                <Icon size={16} strokeWidth={1.75} aria-hidden className="max-[30rem]:hidden" />
                {words}
                <Count count={counts[href]} what={countWords[href] ?? 'total'} />
              </Link>
            </li>
          );
        })}
      </ul>
    </nav>
  );
}

function Count({ count, what }: { readonly count: number | undefined; readonly what: string }) {
  if (count === undefined || (count === 0 && what !== 'total')) return null;
  return (
    <span className="figures text-ink-3 text-xs md:ml-auto">
      {formatCount(count)}
      <span className="sr-only"> {what}</span>
    </span>
  );
}
