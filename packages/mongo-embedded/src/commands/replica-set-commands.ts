import { Double, Long, ObjectId } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { MemberStatus } from '../replication/membership.ts';
import { replicaSetName } from '../server-state.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { opTimesOf } from './replication-metadata.ts';

/** Source: manual, `replSetGetStatus`, member states. */
const states = {
  primary: [1, 'PRIMARY'],
  secondary: [2, 'SECONDARY'],
  recovering: [3, 'RECOVERING'],
  down: [8, '(not reachable/healthy)'],
} as const;

/** The members as this server's replica set has them; a server that is alone is its only member. */
function membersOf({ server, connection }: CommandContext): readonly MemberStatus[] {
  return server.member?.members ?? [{ id: 0, address: connection.serverAddress, role: 'primary' }];
}

function selfOf({ server, connection }: CommandContext): string {
  return server.member?.address ?? connection.serverAddress;
}

function replSetGetStatus(context: CommandContext): CommandResult {
  const { server } = context;
  const self = selfOf(context);
  const members = membersOf(context);
  const votes = members.length === 1 ? 1 : 2;
  const { applied, majority } = opTimesOf(server);
  const wallTime = new Date(applied.ts.t * 1000);
  const majorityWallTime = new Date(majority.ts.t * 1000);
  return {
    set: replicaSetName,
    date: new Date(server.clock.nowMs()),
    myState: states[server.member?.role ?? 'primary'][0],
    term: Long.fromNumber(server.member?.term ?? 1),
    heartbeatIntervalMillis: Long.fromNumber(2000),
    majorityVoteCount: votes,
    writeMajorityCount: votes,
    votingMembersCount: members.length,
    writableVotingMembersCount: members.length,
    optimes: {
      lastCommittedOpTime: majority,
      lastCommittedWallTime: majorityWallTime,
      readConcernMajorityOpTime: majority,
      appliedOpTime: applied,
      durableOpTime: applied,
      lastAppliedWallTime: wallTime,
      lastDurableWallTime: wallTime,
    },
    members: members.map(({ id, address, role }) => ({
      _id: id,
      name: address,
      health: new Double(role === 'down' ? 0 : 1),
      state: states[role][0],
      stateStr: states[role][1],
      uptime: Math.trunc((server.clock.monotonicMs() - server.startedMonotonicMs) / 1000),
      ...(address === self ? { optime: applied, optimeDate: wallTime, self: true } : {}),
      configVersion: 1,
      configTerm: 1,
    })),
  };
}

function replSetGetConfig(context: CommandContext): CommandResult {
  const members = membersOf(context).map(({ id, address }) => ({
    _id: id,
    host: address,
    arbiterOnly: false,
    buildIndexes: true,
    hidden: false,
    priority: 1,
    tags: {},
    secondaryDelaySecs: Long.ZERO,
    votes: 1,
  }));
  const settings = {
    replicaSetId: new ObjectId(context.server.store.settings.replicaSetId),
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

/** Time that a member that stepped down stays ineligible, seconds. Source: manual, `replSetStepDown`. */
const stepDownSecondsDefault = 60;

function replSetStepDown({ body, server }: CommandContext): CommandResult {
  const seconds = body.count('replSetStepDown') ?? stepDownSecondsDefault;
  const isForced = body.boolean('force') === true;
  if (server.member === null) {
    throw new MongoFailure('CommandNotSupported', 'a replica set of one member has no other that could become primary');
  }
  server.member.stepDown((seconds === 0 ? stepDownSecondsDefault : seconds) * 1000, isForced);
  return {};
}

/** Commands about the members of the replica set. */
export const replicaSetCommands: readonly Command[] = [
  { names: ['replSetGetStatus'], isAdminOnly: true, run: replSetGetStatus },
  { names: ['replSetGetConfig'], isAdminOnly: true, run: replSetGetConfig },
  { names: ['replSetStepDown'], isAdminOnly: true, run: replSetStepDown },
];
