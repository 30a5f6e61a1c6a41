'use client';

import type { FleetView } from '@emcachers/core/api-views';
import { useQueryClient } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import { useEffect, useEffectEvent } from 'react';
import type { LiveMessage } from '../trpc/live-message.ts';
import { useTRPC, useTRPCClient } from '../trpc/trpc.ts';
import { useAnnounce } from './announcer.tsx';
import { entityOfPath } from './entity-of-path.ts';
import type { LiveHappening } from './live-state.ts';
import { freshMsMax } from './silence.ts';
import { announceTransitions } from './transitions.ts';

/** The open subscription. While this is mounted, the engine pushes data, which goes into the query cache. */
export function LiveStream({ happen }: { readonly happen: (happening: LiveHappening) => void }) {
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const announce = useAnnounce();
  const entityName = entityOfPath(usePathname());

  const showFleet = (fleet: FleetView): void => {
    const key = trpc.fleet.get.queryKey();
    const before = queryClient.getQueryData(key);
    queryClient.setQueryData(key, fleet);
    const news = before === undefined ? null : announceTransitions(before, fleet);
    if (news !== null) announce(news);
  };
  const refetchRows = (entityName: string): void => {
    const queryKeys = [trpc.entities.rows.queryKey({ entityName }), trpc.entities.oplog.queryKey({ entityName })];
    for (const queryKey of queryKeys) void queryClient.invalidateQueries({ queryKey }, { cancelRefetch: false });
  };
  const receive = useEffectEvent((message: LiveMessage) => {
    if (message.kind === 'fleet') showFleet(message.fleet);
    else refetchRows(message.entityName);
  });

  useEffect(() => {
    let silence: ReturnType<typeof setTimeout> | undefined;
    const fail = () => happen('failed');
    const listen = () => {
      clearTimeout(silence);
      // The engine pushes every second; a stream without data counts as broken, even if its connection is open.
      silence = setTimeout(fail, freshMsMax);
    };
    listen();
    const input = entityName === null ? {} : { entityName };
    const subscription = client.live.stream.subscribe(input, {
      onData: ({ data }) => {
        listen();
        receive(data);
        happen('data');
      },
      onConnectionStateChange: ({ error }) => {
        if (error !== null) fail();
      },
      onError: fail,
      onComplete: fail,
    });
    return () => {
      clearTimeout(silence);
      subscription.unsubscribe();
    };
  }, [client, entityName, happen]);

  return null;
}
