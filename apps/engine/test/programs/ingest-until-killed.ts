/**
 * An engine reduced to ingest, in a process of its own that can be killed at any moment. Used by tests only:
 * `node ingest-crash-child.ts <mongo url> <database url>`.
 */
import { silentLog } from '@emcachers/core/log';
import { openDatabase } from '@emcachers/db/database';
import { createLeader } from '../../src/control/node/leader.ts';
import { createMongoSource } from '../../src/pipeline/change-source/mongo-source.ts';
import { storedIngestEntities } from '../../src/pipeline/ingest/ingest-entities.ts';
import { createIngest } from '../../src/pipeline/ingest/ingest-loop.ts';
import { createOplogWriter } from '../../src/pipeline/oplog/oplog-writer.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const [, , mongoUrl = '', databaseUrl = ''] = process.argv;
const database = openDatabase({ url: databaseUrl });
const source = createMongoSource({ url: mongoUrl, clock: systemClock, stream: { awaitMsMax: 50 } });
const leader = createLeader({
  databaseUrl,
  nodeId: `child-${process.pid}`,
  streamId: 1,
  leadsAnother: () => false,
  clock: systemClock,
  log: silentLog,
  leaseMs: 2_500,
  stallMsMax: 30_000,
  stalledMs: () => 0,
});
await leader.run(async ({ epoch, signal }) => {
  const ingest = createIngest({
    source,
    writer: createOplogWriter({ database, epoch }),
    entities: storedIngestEntities(database, 1),
    clock: systemClock,
    log: silentLog,
    random: () => 0.01,
    options: { pollMs: 20, pageDocumentsMax: 100 },
  });
  await ingest.run(signal);
}, new AbortController().signal);
