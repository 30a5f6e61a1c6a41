'use client';

import Link from 'next/link';
import { usePathname } from 'next/navigation';
import { entityOfPath } from '../../live/entity-of-path.ts';

/** The current page and a link to its parent. */
export function Crumbs() {
  const pathname = usePathname();
  const place = placeOf(pathname);
  if (!pathname.startsWith('/entities/')) return <p className="font-[560]">{place}</p>;
  return (
    <nav aria-label="Breadcrumb" className="min-w-0 text-ink-2">
      <ol className="flex min-w-0 gap-1.5">
        <li>
          <Link href="/" className="hover:text-ink hover:underline">
            Entities
          </Link>
        </li>
        <li aria-hidden>/</li>
        <li aria-current="page" className="truncate font-[560] text-ink">
          {place}
        </li>
      </ol>
    </nav>
  );
}

function placeOf(pathname: string): string {
  if (pathname === '/') return 'Entities';
  if (pathname === '/entities/new') return 'New entity';
  if (pathname === '/problems') return 'Problems';
  if (pathname === '/nodes') return 'Nodes';
  if (pathname === '/jobs') return 'Jobs';
  if (pathname === '/incidents') return 'Incidents';
  if (pathname === '/audit') return 'Audit';
  return entityOfPath(pathname) ?? 'EMCachers';
}
