import { createContext, use, useSyncExternalStore } from 'react';

const never = () => () => {};
const readTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const serverTimeZone = () => 'UTC';

export const TimeZoneContext = createContext('UTC');

/** The reader's time zone; UTC in the HTML that the server sends, which cannot know it. */
export function useTimeZone(): string {
  return use(TimeZoneContext);
}

/** Reads it from the browser; once for the page, because asking is slow. */
export function useBrowserTimeZone(): string {
  return useSyncExternalStore(never, readTimeZone, serverTimeZone);
}
