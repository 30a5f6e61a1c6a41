import { createContext, use, useSyncExternalStore } from 'react';

const never = () => () => {};
const readTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const serverTimeZone = () => 'UTC';

export const TimeZoneContext = createContext('UTC');

/** The browser's time zone; UTC in the HTML from the server, which cannot know it. */
export function useTimeZone(): string {
  return use(TimeZoneContext);
}

/** Reads the time zone from the browser, once per page, because the call is slow. */
export function useBrowserTimeZone(): string {
  return useSyncExternalStore(never, readTimeZone, serverTimeZone);
}
