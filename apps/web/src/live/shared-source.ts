import type { FleetView } from '@emcachers/core/api-views';
import type { LiveMessage } from '../trpc/live-message.ts';
import { createFleetAssembler } from './fleet-assembler.ts';
import type { LiveListener, LiveSource, OpenStream } from './live-source.ts';
import { createPlace } from './lock-place.ts';
import { createWatchList } from './watch-list.ts';

/**
 * One stream for all tabs of the browser, because a browser opens only six connections to an address. The tab that holds the
 * lock has the stream and passes its messages on; when it is closed or hidden, the browser gives the lock to the next tab,
 * which opens a stream of its own and so starts everybody with a whole view. Worst case: the tab with the lock stands still;
 * another takes the lock from it (`lock-place.ts`).
 */
export interface TabGroup {
  readonly locks: LockManager;
  /** A new channel between the tabs, which the caller closes. */
  readonly openChannel: () => BroadcastChannel;
  readonly tabId: string;
}

/** What tabs say to each other. */
export type TabWord =
  | { readonly kind: 'message'; readonly message: LiveMessage }
  /** The answer to `here`: the whole view, for the tab that has none. */
  | { readonly kind: 'view'; readonly tabId: string; readonly fleet: FleetView }
  | { readonly kind: 'failed' }
  /** A new tab has the stream: who is there, and what do you watch? */
  | { readonly kind: 'who' }
  | { readonly kind: 'here'; readonly tabId: string; readonly entityName: string | null }
  | { readonly kind: 'gone'; readonly tabId: string };

export function createSharedSource(group: TabGroup, open: OpenStream): LiveSource {
  return { subscribe: (entityName, listener) => joinGroup({ group, open, entityName, listener }) };
}

interface Membership {
  readonly group: TabGroup;
  readonly open: OpenStream;
  readonly entityName: string | null;
  readonly listener: LiveListener;
}

function joinGroup(membership: Membership): () => void {
  const { group, entityName } = membership;
  const channel = group.openChannel();
  const say = (word: TabWord): void => channel.postMessage(word);
  const leaving = new AbortController();
  let leading: Leading | null = null;
  const place = createPlace({
    locks: group.locks,
    left: leaving.signal,
    onGranted: () => {
      leading = startLeading(membership, say);
    },
    onLost: () => {
      leading?.end();
      leading = null;
    },
  });
  channel.onmessage = ({ data: word }: MessageEvent<TabWord>) => {
    if (leading !== null) leading.hear(word);
    else hearLeader({ ...membership, word, say, onSign: place.noteSign });
  };
  place.wait();
  say({ kind: 'here', tabId: group.tabId, entityName });
  return () => {
    leading?.end();
    say({ kind: 'gone', tabId: group.tabId });
    leaving.abort();
    channel.close();
  };
}

interface Hearing extends Membership {
  readonly word: TabWord;
  readonly say: (word: TabWord) => void;
  /** The tab with the stream runs. */
  readonly onSign: () => void;
}

function hearLeader({ word, group, entityName, listener, say, onSign }: Hearing): void {
  if (word.kind === 'here' || word.kind === 'gone') return;
  onSign();
  if (word.kind === 'message') listener.onMessage(word.message);
  if (word.kind === 'view' && word.tabId === group.tabId) listener.onMessage({ kind: 'fleet', fleet: word.fleet });
  if (word.kind === 'failed') listener.onFailed();
  if (word.kind === 'who') say({ kind: 'here', tabId: group.tabId, entityName });
}

interface Leading {
  readonly hear: (word: TabWord) => void;
  readonly end: () => void;
}

/** Has the stream: passes its messages on, and opens it again when the tabs watch other entities. */
function startLeading({ group, open, entityName, listener }: Membership, say: (word: TabWord) => void): Leading {
  const watched = createWatchList(group.tabId, entityName);
  let assembler = createFleetAssembler();
  let close = (): void => {};
  const openAgain = (): void => {
    close();
    assembler = createFleetAssembler();
    close = open(watched.entityNames(), {
      onMessage: (message) => {
        assembler.take(message);
        say({ kind: 'message', message });
        listener.onMessage(message);
      },
      onFailed: () => {
        say({ kind: 'failed' });
        listener.onFailed();
      },
    });
  };
  openAgain();
  say({ kind: 'who' });
  return {
    hear: (word) => {
      if (word.kind === 'gone') watched.remove(word.tabId);
      if (word.kind !== 'here') return;
      if (watched.set(word.tabId, word.entityName)) openAgain();
      const fleet = assembler.fleet();
      if (fleet !== null) say({ kind: 'view', tabId: word.tabId, fleet });
    },
    end: () => close(),
  };
}
