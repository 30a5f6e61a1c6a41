'use client';

import { createContext, type ReactNode, use, useCallback, useEffect, useRef, useState } from 'react';

/** Announcements within this time are joined into one. */
const gatherMs = 250;

const AnnounceContext = createContext<(news: string) => void>(() => {});

/** Announces text to screen readers; `transitions.ts` decides which changes are announced. */
export function useAnnounce(): (news: string) => void {
  return use(AnnounceContext);
}

/** The page's only polite live region. */
export function Announcer({ children }: { readonly children: ReactNode }) {
  const gathered = useRef<string[]>([]);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  const [announcement, setAnnouncement] = useState({ words: '', turn: 0 });

  useEffect(() => () => clearTimeout(timer.current), []);
  const announce = useCallback((news: string) => {
    gathered.current.push(news);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      const words = gathered.current.splice(0).join(' ');
      setAnnouncement(({ turn }) => ({ words, turn: turn + 1 }));
    }, gatherMs);
  }, []);

  return (
    <AnnounceContext value={announce}>
      {children}
      <div aria-live="polite" className="sr-only">
        <span key={announcement.turn}>{announcement.words}</span>
      </div>
    </AnnounceContext>
  );
}
