import { changeStreamDefaults } from '../../pipeline/change-source/change-stream-options.ts';
import { mongoClientDefaults } from '../../pipeline/change-source/mongo-client-options.ts';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How this engine connects to MongoDB and reads its change stream. */
export const mongoSettings = {
  EMCACHERS_MONGO_CONNECTIONS_MAX: numberSetting({
    unit: 'connections',
    min: 4,
    max: 1000,
    standard: mongoClientDefaults.connectionsMax,
    reason: 'Connections to each MongoDB server. The change stream and each scan that reads use one.',
  }),
  EMCACHERS_MONGO_SELECTION_MS: numberSetting({
    unit: 'milliseconds',
    min: 100,
    max: 60000,
    standard: mongoClientDefaults.selectionMsMax,
    reason:
      'How long a call waits for a primary and for a connection. Longer bridges a failover in one call; shorter reports an outage sooner.',
  }),
  EMCACHERS_STREAM_AWAIT_MS: numberSetting({
    unit: 'milliseconds',
    min: 1,
    max: 10000,
    standard: changeStreamDefaults.awaitMsMax,
    reason:
      'How long MongoDB may hold back an empty reply of the change stream. Readers that wait for a write which no entity needs wait this long at most; a longer time costs an idle MongoDB fewer replies.',
  }),
  EMCACHERS_STREAM_SETTLE_MS: numberSetting({
    unit: 'milliseconds',
    min: 1,
    max: 1000,
    standard: changeStreamDefaults.settleMsMax,
    reason:
      'The same after a reply with changes: the empty reply that follows says that their transaction is complete.',
  }),
  EMCACHERS_STREAM_BATCH_CHANGES_MAX: numberSetting({
    unit: 'changes',
    min: changeStreamDefaults.batchSizeMin,
    max: 100000,
    standard: changeStreamDefaults.batchSizeMax,
    reason:
      'The largest number of changes in one reply of the change stream. The number adapts to the load, from 64 up to this.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
