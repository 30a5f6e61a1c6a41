/** A process that replicates until it is killed. Arguments: the database's URL, the data directory. */
import process from 'node:process';
import { openDatabase } from '@emcachers/db/database';
import { startReplicator } from '../support/test-replicator.ts';

const [, , url = '', dataDirectory = ''] = process.argv;
await startReplicator({ database: openDatabase({ url }), dataDirectory }, { followRowsMax: 50, catchUpRowsMax: 100 });
process.stdout.write('running\n');
