import { replicatorDefaults } from '../../pipeline/replicator/replicator-options.ts';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How a node applies the oplog to its caches. */
export const replicateSettings = {
  EMCACHERS_REPLICATE_POLL_MS: numberSetting({
    unit: 'milliseconds',
    min: 10,
    max: 60000,
    standard: replicatorDefaults.pollMs,
    reason: 'How often a node reads the oplog when no notification arrives.',
  }),
  EMCACHERS_FOLLOW_ROWS_MAX: numberSetting({
    unit: 'rows',
    min: 1,
    max: 1000000,
    standard: replicatorDefaults.followRowsMax,
    reason:
      'Rows in one page of the oplog for caches that are level. A page is applied in one transaction for each file.',
  }),
  EMCACHERS_FOLLOW_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65536,
    max: 268435456,
    standard: replicatorDefaults.followBytesMax,
    reason: 'The same in bytes.',
  }),
  EMCACHERS_CATCH_UP_ROWS_MAX: numberSetting({
    unit: 'rows',
    min: 1,
    max: 1000000,
    standard: replicatorDefaults.catchUpRowsMax,
    reason: 'Rows in one page for a cache that is being built or is behind.',
  }),
  EMCACHERS_CATCH_UP_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65536,
    max: 268435456,
    standard: replicatorDefaults.catchUpBytesMax,
    reason: 'The same in bytes.',
  }),
  EMCACHERS_CATCH_UP_CACHES_MAX: numberSetting({
    unit: 'caches',
    min: 1,
    max: 64,
    standard: replicatorDefaults.catchUpMax,
    reason: 'Caches that catch up at once; each holds one page. The others wait for a turn.',
  }),
  EMCACHERS_REPORT_MS: numberSetting({
    unit: 'milliseconds',
    min: 100,
    max: 5000,
    standard: replicatorDefaults.reportMs,
    reason: 'How often a node reports offsets that moved. Status shows lag with this delay.',
  }),
  EMCACHERS_SOURCE_TIME_PAUSE_MS: numberSetting({
    unit: 'milliseconds',
    min: 1,
    max: 10000,
    standard: replicatorDefaults.sourceTimePauseMsMin,
    reason:
      'The shortest pause between two rounds that write the source time into the files of idle caches, for readers that wait for it.',
  }),
  EMCACHERS_VERIFY_POLL_MS: numberSetting({
    unit: 'milliseconds',
    min: 100,
    max: 600000,
    standard: replicatorDefaults.verifyPollMs,
    reason: 'How often a node looks for requests to verify when no notification arrives.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
