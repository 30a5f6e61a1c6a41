'use client';

import type { FleetView } from '@emcachers/core/api-views';
import { useQueryClient } from '@tanstack/react-query';
import { usePathname } from 'next/navigation';
import { useEffect, useEffectEvent, useState } from 'react';
import { useTRPC } from '../trpc/trpc.ts';
import { useAnnounce } from './announcer.tsx';
import { watchedEntityOfPath } from './entity-of-path.ts';
import { createFleetAssembler, type LiveNews } from './fleet-assembler.ts';
import type { LiveSource } from './live-source.ts';
import type { LiveHappening } from './live-state.ts';
import { createRenewal } from './renewal.ts';
import { freshMsMax } from './silence.ts';
import { announceTransitions } from './transitions.ts';

interface LiveStreamProps {
  readonly source: LiveSource;
  readonly happen: (happening: LiveHappening) => void;
}

/** The open subscription. While this is mounted, the engine pushes data, which goes into the query cache. */
export function LiveStream({ source, happen }: LiveStreamProps) {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const announce = useAnnounce();
  const [renew] = useState(() => createRenewal(queryClient));
  const entityName = watchedEntityOfPath(usePathname());

  const showFleet = (fleet: FleetView): void => {
    const key = trpc.fleet.get.queryKey();
    const before = queryClient.getQueryData(key);
    queryClient.setQueryData(key, fleet);
    if (before === undefined) return;
    const news = announceTransitions(before, fleet);
    if (news !== null) announce(news);
  };
  const refetchRows = (entityName: string): void => {
    renew(trpc.entities.rows.queryKey({ entityName }));
    renew(trpc.entities.oplog.queryKey({ entityName }));
  };
  const receive = useEffectEvent((news: LiveNews) => {
    if (news.kind === 'fleet') showFleet(news.fleet);
    if (news.kind === 'rows-changed') refetchRows(news.entityName);
  });

  useEffect(() => {
    const assembler = createFleetAssembler();
    let silence: ReturnType<typeof setTimeout> | undefined;
    const fail = () => happen('failed');
    const listen = () => {
      clearTimeout(silence);
      // The engine speaks every second; a stream without data counts as broken, even if its connection is open.
      silence = setTimeout(fail, freshMsMax);
    };
    listen();
    const unsubscribe = source.subscribe(entityName, {
      onMessage: (message) => {
        const news = assembler.take(message);
        // Changes of a view that this page does not have yet; the whole one is on its way.
        if (news === null) return;
        listen();
        receive(news);
        happen('data');
      },
      onFailed: fail,
    });
    return () => {
      clearTimeout(silence);
      unsubscribe();
    };
  }, [source, entityName, happen]);

  return null;
}
