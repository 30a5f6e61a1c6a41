import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type Channel, listen } from '@emcachers/db/listen';
import { unlessAborted } from '../../runtime/abort.ts';
import type { Service } from '../../runtime/service.ts';

/**
 * Hears PostgreSQL's notifications and wakes whoever waits for news. They are hints: everybody it wakes also polls, so a
 * lost connection costs a moment of latency and nothing else.
 */
export interface WakeListenerDependencies {
  readonly databaseUrl: string;
  readonly wake: (channel: Channel) => void;
}

export function createWakeListener({ databaseUrl, wake }: WakeListenerDependencies): Service {
  return {
    name: 'wake-listener',
    async run(signal) {
      await using listening = await listen(databaseUrl, wake);
      // What was notified before the first listener was there is looked for once.
      wake('emcachers_control');
      wake('emcachers_oplog');
      await unlessAborted(listening.ended, signal);
      if (!signal.aborted)
        throw new EmcachersError({ code: 'EMC-3001', detail: 'The connection that hears notifications is gone.' });
    },
  };
}
