import type { AppRouter } from '@emcachers/engine/api';
import type { TRPCClient } from '@trpc/client';

type Subscribe = TRPCClient<AppRouter>['live']['stream']['subscribe'];
type OnData = NonNullable<Parameters<Subscribe>[1]['onData']>;

/** A message of the subscription: a fleet view, or a notice that rows of the open entity have changed. */
export type LiveMessage = Parameters<OnData>[0]['data'];
