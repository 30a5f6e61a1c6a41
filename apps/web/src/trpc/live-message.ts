import type { AppRouter } from '@emcachers/engine/api';
import type { TRPCClient } from '@trpc/client';

type Subscribe = TRPCClient<AppRouter>['live']['stream']['subscribe'];
type OnData = NonNullable<Parameters<Subscribe>[1]['onData']>;

/** What the subscription brings: a picture of the fleet, or the news that rows of the open entity have changed. */
export type LiveMessage = Parameters<OnData>[0]['data'];
