import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { rawValue } from '@emcachers/bson/raw-value';
import { Double, Long, Timestamp } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { isTruthy } from '../query/truth.ts';
import { topologyOf } from '../replication/topology.ts';
import { documentBytesMax, replicaSetName, serverVersion } from '../server-state.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';

const versionArray = [...serverVersion.split('.').map(Number), 0];

function buildInfo(): CommandResult {
  return {
    version: serverVersion,
    gitVersion: 'embedded',
    modules: ['mongo-embedded'],
    allocator: 'system',
    javascriptEngine: 'none',
    sysInfo: 'deprecated',
    versionArray,
    openssl: { running: 'disabled', compiled: 'disabled' },
    bits: 64,
    debug: false,
    maxBsonObjectSize: documentBytesMax,
    storageEngines: ['sqlite'],
  };
}

/** A section that mongod shows only if it is asked for. Source: jstests `server_status_oplog` of mongodb/mongo. */
function oplogSection({ body, server }: CommandContext): CommandResult {
  const asked = body.element('oplog');
  if (asked === undefined || !isTruthy(rawValue(asked.type, asked.bytes))) return {};
  const { history } = server.store;
  const at = ({ seconds, increment }: ClusterTime): Timestamp => new Timestamp({ t: seconds, i: increment });
  return { oplog: { latestOptime: at(history.head().time), earliestOptime: at(history.oldest().time) } };
}

function serverStatus(context: CommandContext): CommandResult {
  const { server, connection } = context;
  const uptimeMs = server.clock.monotonicMs() - server.startedMonotonicMs;
  const cursors = server.cursors.counts;
  const transactions = server.sessions.counts;
  const { connectionsCurrent, connectionsCreated, operations } = server.counters;
  const memory = process.memoryUsage();
  const megabytes = (bytes: number): number => Math.round(bytes / 1048576);
  return {
    host: connection.serverAddress,
    version: serverVersion,
    process: 'mongod',
    pid: Long.fromNumber(process.pid),
    uptime: new Double(uptimeMs / 1000),
    uptimeMillis: Long.fromNumber(Math.trunc(uptimeMs)),
    localTime: new Date(server.clock.nowMs()),
    connections: {
      current: connectionsCurrent,
      available: 10_000 - connectionsCurrent,
      totalCreated: connectionsCreated,
    },
    mem: { bits: 64, resident: megabytes(memory.rss), virtual: megabytes(memory.rss), supported: true },
    metrics: {
      cursor: {
        timedOut: Long.fromNumber(cursors.timedOut),
        totalOpened: Long.fromNumber(cursors.opened),
        open: {
          noTimeout: Long.fromNumber(cursors.noTimeout),
          pinned: Long.fromNumber(cursors.pinned),
          total: Long.fromNumber(cursors.open),
        },
      },
    },
    opcounters: Object.fromEntries(Object.entries(operations).map(([name, count]) => [name, Long.fromNumber(count)])),
    logicalSessionRecordCache: { activeSessionsCount: transactions.sessions },
    transactions: {
      currentOpen: Long.fromNumber(transactions.open),
      totalCommitted: Long.fromNumber(transactions.committed),
      totalAborted: Long.fromNumber(transactions.aborted),
    },
    repl: {
      setName: replicaSetName,
      ...topologyOf(server, connection),
    },
    ...oplogSection(context),
    storageEngine: {
      name: 'sqlite',
      supportsCommittedReads: true,
      persistent: server.path !== null,
      supportsSnapshotReadConcern: true,
    },
  };
}

function hostInfo({ server, connection }: CommandContext): CommandResult {
  return {
    system: {
      currentTime: new Date(server.clock.nowMs()),
      hostname: connection.serverAddress,
      cpuAddrSize: 64,
      memSizeMB: Long.fromNumber(Math.round(totalmem() / 1048576)),
      numCores: cpus().length,
      cpuArch: arch(),
    },
    os: { type: platform(), name: hostname(), version: release() },
    extra: {},
  };
}

function getCmdLineOpts({ server }: CommandContext): CommandResult {
  const parsed = {
    replication: { replSet: replicaSetName },
    ...(server.path === null ? {} : { storage: { dbPath: server.path } }),
  };
  return { argv: ['mongo-embedded'], parsed };
}

function getLog({ body }: CommandContext): CommandResult {
  const name = body.requiredString('getLog');
  if (name === '*') return { names: ['global', 'startupWarnings'] };
  if (name !== 'global' && name !== 'startupWarnings')
    throw new MongoFailure('OperationFailed', `no RamLog named: ${name}`);
  return { totalLinesWritten: 0, log: [] };
}

/** Read-only commands that report the server's state. */
export const diagnosticCommands: readonly Command[] = [
  { names: ['ping'], needsNoLogin: true, run: () => ({}) },
  { names: ['buildInfo', 'buildinfo'], needsNoLogin: true, run: buildInfo },
  { names: ['serverStatus'], run: serverStatus },
  { names: ['hostInfo'], isAdminOnly: true, run: hostInfo },
  { names: ['getCmdLineOpts'], isAdminOnly: true, run: getCmdLineOpts },
  { names: ['getLog'], isAdminOnly: true, run: getLog },
  { names: ['whatsmyuri'], needsNoLogin: true, run: ({ connection }) => ({ you: connection.clientAddress }) },
];
