import { useSyncExternalStore } from 'react';

const never = () => () => {};
const readTimeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
const serverTimeZone = () => 'UTC';

/** The reader's time zone; UTC in the HTML that the server sends, which cannot know it. */
export function useTimeZone(): string {
  return useSyncExternalStore(never, readTimeZone, serverTimeZone);
}
