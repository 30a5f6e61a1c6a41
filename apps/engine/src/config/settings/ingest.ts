import { channelDefaults } from '../../pipeline/channel/bounded-channel.ts';
import { ingestDefaults } from '../../pipeline/ingest/ingest-options.ts';
import { sweepCapDefault } from '../../pipeline/oplog/writer-options.ts';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How the leader carries changes and scans to the oplog. */
export const ingestSettings = {
  EMCACHERS_CHANNEL_OPERATIONS_MAX: numberSetting({
    unit: 'operations',
    min: 1,
    max: 1000000,
    standard: channelDefaults.opsMax,
    reason:
      'Operations between MongoDB and PostgreSQL, with those being committed. When there is no room, the change stream waits; nothing is dropped.',
  }),
  EMCACHERS_CHANNEL_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65536,
    max: 1073741824,
    standard: channelDefaults.bytesMax,
    reason: 'The same in bytes of the encoded rows.',
  }),
  EMCACHERS_BATCH_OPERATIONS_MAX: numberSetting({
    unit: 'operations',
    min: 1,
    max: 100000,
    standard: channelDefaults.batchOpsMax,
    reason:
      'Operations that one transaction appends to the oplog. More raise the throughput; fewer shorten the commit.',
  }),
  EMCACHERS_BATCH_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65536,
    max: 268435456,
    standard: channelDefaults.batchBytesMax,
    reason: 'The same in bytes of the encoded rows.',
  }),
  EMCACHERS_BATCH_LINGER_MS: numberSetting({
    unit: 'milliseconds',
    min: 0,
    max: 1000,
    standard: channelDefaults.lingerMs,
    reason:
      'How long a batch that is not full waits for more changes. Longer saves commits; shorter brings a single change sooner.',
  }),
  EMCACHERS_INGEST_POLL_MS: numberSetting({
    unit: 'milliseconds',
    min: 10,
    max: 60000,
    standard: ingestDefaults.pollMs,
    reason: 'How often the leader looks for entities that changed when no notification arrives.',
  }),
  EMCACHERS_INGEST_RETRY_MS_MAX: numberSetting({
    unit: 'milliseconds',
    min: 200,
    max: 600000,
    standard: ingestDefaults.retryDelayMsMax,
    reason:
      'The longest delay before the leader tries MongoDB again. Delays double from 200 ms up to this, with full jitter.',
  }),
  EMCACHERS_IDLE_SAVE_MS: numberSetting({
    unit: 'milliseconds',
    min: 0,
    max: 10000,
    standard: ingestDefaults.idleSaveMs,
    reason:
      'How often the position in an idle change stream is saved at most. Readers that wait for a write which no entity needs wait for such a save.',
  }),
  EMCACHERS_SCAN_PAGE_DOCUMENTS_MAX: numberSetting({
    unit: 'documents',
    min: 1,
    max: 100000,
    standard: ingestDefaults.pageDocumentsMax,
    reason: 'Documents that a scan reads at once.',
  }),
  EMCACHERS_SCAN_PAGE_BYTES_MAX: numberSetting({
    unit: 'bytes',
    min: 65536,
    max: 268435456,
    standard: ingestDefaults.pageBytesMax,
    reason: 'Bytes of encoded rows in one transaction of a scan.',
  }),
  EMCACHERS_SCAN_SERVER_ERRORS_MAX: numberSetting({
    unit: 'errors',
    min: 0,
    max: 1000,
    standard: ingestDefaults.serverErrorsMax,
    reason:
      'How often a scan is tried again after an error of MongoDB that concerns its collection. After that the entity fails.',
  }),
  EMCACHERS_PROMOTION_ROWS_MAX: numberSetting({
    unit: 'rows',
    min: 100,
    max: 1000000,
    standard: ingestDefaults.promotionRowsMax,
    reason:
      'Rows or deletions that one transaction moves from staging to the oplog. Live changes of the entity wait for it.',
  }),
  EMCACHERS_SWEEP_DOCUMENTS_MAX: numberSetting({
    unit: 'documents',
    min: 0,
    max: 1_000_000_000,
    standard: sweepCapDefault.documents,
    reason:
      'A scan that did not find more than this many of the documents that the caches hold, and also more than EMCACHERS_SWEEP_PERCENT_MAX of them, deletes nothing until an operator allows it (EMC-3004).',
  }),
  EMCACHERS_SWEEP_PERCENT_MAX: numberSetting({
    unit: 'percent',
    min: 0,
    max: 100,
    standard: sweepCapDefault.share * 100,
    reason: 'The same as a share of the documents that the caches hold.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
