'use client';

import { type DehydratedState, HydrationBoundary, QueryClientProvider } from '@tanstack/react-query';
import { NuqsAdapter } from 'nuqs/adapters/next/app';
import { type ReactNode, useState } from 'react';
import { createBrowserClient } from '../trpc/browser-client.ts';
import { createQueryClient } from '../trpc/query-client.ts';
import { TRPCProvider } from '../trpc/trpc.ts';
import { LiveParts } from './live-parts.tsx';

interface ProvidersProps {
  readonly renderedAtMs: number;
  readonly initialData: DehydratedState;
  readonly children: ReactNode;
}

/** Creates, once per tab, everything that lives as long as the tab. */
export function Providers({ renderedAtMs, initialData, children }: ProvidersProps) {
  const [queryClient] = useState(createQueryClient);
  const [trpcClient] = useState(createBrowserClient);
  return (
    <QueryClientProvider client={queryClient}>
      <TRPCProvider trpcClient={trpcClient} queryClient={queryClient}>
        <HydrationBoundary state={initialData}>
          <NuqsAdapter>
            <LiveParts renderedAtMs={renderedAtMs}>{children}</LiveParts>
          </NuqsAdapter>
        </HydrationBoundary>
      </TRPCProvider>
    </QueryClientProvider>
  );
}
