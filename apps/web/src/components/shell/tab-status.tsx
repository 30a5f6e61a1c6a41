'use client';

import { useEffect } from 'react';
import { type Tone, toneOfHealth } from '../../entity-facts/status-words.ts';
import { useFleet } from '../../live/use-fleet.ts';

/** Before the title of a tab that is not well, so that it is seen in a row of tabs; the icon has the colour. */
const marks: Readonly<Record<Tone, string>> = { ok: '', busy: '', warn: '⚠ ', bad: '✕ ', unknown: '? ' };
const colors: Readonly<Record<Tone, string>> = {
  ok: '#0f6e56',
  busy: '#0f6e56',
  warn: '#b26a00',
  bad: '#b3261e',
  unknown: '#70706a',
};
const marked = /^[⚠✕?] /;

/** Shows the health of the fleet in the tab's title and icon: the same verdict as the headline's. */
export function TabStatus() {
  const { fleet, silence } = useFleet();
  const tone = fleet === undefined ? null : toneOfHealth(silence === null ? fleet.health : 'unknown');
  useEffect(() => {
    if (tone === null) return;
    showTone(tone);
    // Next.js writes title and icon again after each navigation.
    const observer = new MutationObserver(() => showTone(tone));
    observer.observe(document.head, { childList: true, subtree: true, characterData: true });
    return () => observer.disconnect();
  }, [tone]);
  return null;
}

/** Changes nothing that is right already, and so ends the observer's own echo. */
function showTone(tone: Tone): void {
  const title = marks[tone] + document.title.replace(marked, '');
  if (document.title !== title) document.title = title;
  const href = iconOf(tone);
  for (const link of document.querySelectorAll<HTMLLinkElement>('link[rel="icon"]'))
    if (link.href !== href) link.href = href;
}

function iconOf(tone: Tone): string {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="22" height="22" viewBox="0 0 22 22"><rect width="22" height="22" rx="5" fill="${colors[tone]}"/><path d="M5 7h5l3 4h4M5 15h5l3-4" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/></svg>`;
  return `data:image/svg+xml,${encodeURIComponent(svg)}`;
}
