import { EmcachersError } from '@emcachers/core/emcachers-error';
import { type Channel, listen } from '@emcachers/db/listen';
import { unlessAborted } from '../../runtime/abort.ts';
import type { Service } from '../../runtime/service.ts';

/**
 * Listens for PostgreSQL notifications and wakes the loops that wait for changes. Notifications are hints: every loop also polls,
 * so a lost connection only adds latency.
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
      // Notifications sent before the listener was ready are lost, so every loop checks once.
      wake('emcachers_control');
      wake('emcachers_oplog');
      wake('emcachers_rows');
      await unlessAborted(listening.ended, signal);
      if (!signal.aborted)
        throw new EmcachersError({
          code: 'EMC-3001',
          detail: 'The connection that listens for notifications was lost.',
        });
    },
  };
}
