import { arch, cpus, hostname, platform, release, totalmem } from 'node:os';
import { Double, Long, ObjectId } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import { documentBytesMax, replicaSetName, serverVersion } from '../server-state.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { opTimeOf } from './replication-metadata.ts';

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

function serverStatus({ server, connection }: CommandContext): CommandResult {
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
      isWritablePrimary: true,
      secondary: false,
      hosts: [connection.serverAddress],
      primary: connection.serverAddress,
      me: connection.serverAddress,
    },
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

function member({ server, connection }: CommandContext): CommandResult {
  const { current } = server.store.clusterClock;
  return {
    _id: 0,
    name: connection.serverAddress,
    health: new Double(1),
    state: 1,
    stateStr: 'PRIMARY',
    uptime: Math.trunc((server.clock.monotonicMs() - server.startedMonotonicMs) / 1000),
    optime: opTimeOf(server.store),
    optimeDate: new Date(current.seconds * 1000),
    configVersion: 1,
    configTerm: 1,
    self: true,
  };
}

function replSetGetStatus(context: CommandContext): CommandResult {
  const opTime = opTimeOf(context.server.store);
  const wallTime = new Date(opTime.ts.t * 1000);
  return {
    set: replicaSetName,
    date: new Date(context.server.clock.nowMs()),
    myState: 1,
    term: Long.ONE,
    heartbeatIntervalMillis: Long.fromNumber(2000),
    majorityVoteCount: 1,
    writeMajorityCount: 1,
    votingMembersCount: 1,
    writableVotingMembersCount: 1,
    optimes: {
      lastCommittedOpTime: opTime,
      lastCommittedWallTime: wallTime,
      readConcernMajorityOpTime: opTime,
      appliedOpTime: opTime,
      durableOpTime: opTime,
      lastAppliedWallTime: wallTime,
      lastDurableWallTime: wallTime,
    },
    members: [member(context)],
  };
}

function replSetGetConfig({ server, connection }: CommandContext): CommandResult {
  const members = [
    {
      _id: 0,
      host: connection.serverAddress,
      arbiterOnly: false,
      buildIndexes: true,
      hidden: false,
      priority: 1,
      tags: {},
      secondaryDelaySecs: Long.ZERO,
      votes: 1,
    },
  ];
  const settings = {
    replicaSetId: new ObjectId(server.store.settings.replicaSetId),
    heartbeatIntervalMillis: 2000,
    electionTimeoutMillis: 10_000,
  };
  return {
    config: {
      _id: replicaSetName,
      version: 1,
      term: 1,
      members,
      protocolVersion: Long.ONE,
      writeConcernMajorityJournalDefault: true,
      settings,
    },
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
  { names: ['replSetGetStatus'], isAdminOnly: true, run: replSetGetStatus },
  { names: ['replSetGetConfig'], isAdminOnly: true, run: replSetGetConfig },
  { names: ['getCmdLineOpts'], isAdminOnly: true, run: getCmdLineOpts },
  { names: ['getLog'], isAdminOnly: true, run: getLog },
  { names: ['whatsmyuri'], needsNoLogin: true, run: ({ connection }) => ({ you: connection.clientAddress }) },
];
