/** The engine watches the rows of at most this many entities for one stream. */
const watchedMax = 20;

/** Which entity each tab shows. */
export interface WatchList {
  /** Whether the stream must be opened again, because it does not watch this entity yet. */
  readonly set: (tabId: string, entityName: string | null) => boolean;
  readonly remove: (tabId: string) => void;
  /** Of the tabs that came last, if there are too many. */
  readonly entityNames: () => readonly string[];
}

export function createWatchList(tabId: string, entityName: string | null): WatchList {
  const shown = new Map<string, string | null>([[tabId, entityName]]);
  let watched: readonly string[] = [];
  const names = (): readonly string[] => {
    const distinct = new Set([...shown.values()].filter((name) => name !== null).toReversed());
    return [...distinct].slice(0, watchedMax).toSorted();
  };
  return {
    set: (id, name) => {
      shown.delete(id);
      shown.set(id, name);
      return name !== null && !watched.includes(name);
    },
    remove: (id) => shown.delete(id),
    entityNames: () => {
      watched = names();
      return watched;
    },
  };
}
