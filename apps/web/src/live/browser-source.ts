import type { LiveMessage } from '../trpc/live-message.ts';
import type { useTRPCClient } from '../trpc/trpc.ts';
import { createOwnSource, type LiveSource, type OpenStream } from './live-source.ts';
import { createSharedSource } from './shared-source.ts';

const channelName = 'emcachers-live';

/** The shared stream, or one for this tab alone: browsers have locks only on https and loopback addresses. */
export function createBrowserSource(client: ReturnType<typeof useTRPCClient>): LiveSource {
  const open: OpenStream = (entityNames, { onMessage, onFailed }) => {
    const subscription = client.live.stream.subscribe(
      { entityNames: [...entityNames] },
      {
        onData: ({ data }: { readonly data: LiveMessage }) => onMessage(data),
        onConnectionStateChange: ({ error }) => {
          if (error !== null) onFailed();
        },
        onError: onFailed,
        onComplete: onFailed,
      },
    );
    return () => subscription.unsubscribe();
  };
  if (!('locks' in navigator) || typeof BroadcastChannel === 'undefined') return createOwnSource(open);
  const openChannel = () => new BroadcastChannel(channelName);
  return createSharedSource({ locks: navigator.locks, openChannel, tabId: crypto.randomUUID() }, open);
}
