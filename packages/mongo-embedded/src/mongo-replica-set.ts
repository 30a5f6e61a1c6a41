import { join } from 'node:path';
import { UserTable } from './authentication/user-table.ts';
import { createSystemClock } from './clock.ts';
import { connectionUrl } from './connection-url.ts';
import type { MongoServerOptions } from './mongo-server.ts';
import { Member } from './replication/member.ts';
import type { MemberStatus } from './replication/membership.ts';
import { ReplicaSet } from './replication/replica-set.ts';
import { checkTlsOptions } from './wire/tls-gate.ts';

/** Three members in one process. */
export interface MongoReplicaSetOptions
  extends Pick<MongoServerOptions, 'path' | 'memory' | 'historyBytesMax' | 'clock' | 'tls' | 'users'> {
  /** Ports of the members, in order. Default: any free ports. */
  readonly ports?: readonly [number, number, number];
  /** How long the members wait for a primary before they elect a new one, milliseconds. Default 300; mongod waits 10,000. */
  readonly electionMs?: number;
  /**
   * How long a primary that reaches no majority stays primary, milliseconds. Default 600. More than `electionMs` gives two
   * primaries for a while, as clocks that differ do.
   */
  readonly leaseMs?: number;
}

/** A running or stopped set. Members are numbered 0, 1 and 2. */
export interface MongoReplicaSet {
  /** Opens the data, listens and elects member 0, or the member with the newest data. */
  start(): Promise<{ readonly url: string; readonly ports: readonly number[] }>;
  /** Ends all members. Idempotent. */
  stop(): Promise<void>;
  /** The number of the primary that reaches a majority; null if there is none. */
  readonly primary: number | null;
  readonly members: readonly MemberStatus[];
  /** The primary hands over to a secondary that has everything, and cannot be elected for half a second. */
  stepDown(): void;
  /** Ends a member as if its process was killed. */
  kill(member: number): Promise<void>;
  /** Starts a killed member again, on its address and its data. */
  restart(member: number): Promise<void>;
  /** Clients still reach the member; the other members do not. */
  cutOff(member: number): void;
  /** Ends `cutOff`. The member follows the primary, and loses the writes that no other member has. */
  reconnect(member: number): void;
}

const host = '127.0.0.1';
const historyBytesDefault = 1024 * 1024 * 1024;
const stepDownMs = 500;

/**
 * A replica set of three members for tests of failover: each with an address, a data folder (`<path>/member-0` and so
 * on) and a part in elections. See this package's README for what it does not do. Nothing is opened before `start`.
 */
export function createMongoReplicaSet(options: MongoReplicaSetOptions): MongoReplicaSet {
  if ((options.path === undefined) === (options.memory !== true))
    throw new TypeError('Give either path or memory: true');
  if (options.tls !== undefined) checkTlsOptions(options.tls);
  const clock = options.clock ?? createSystemClock();
  const set = new ReplicaSet(clock, { electionMs: options.electionMs ?? 300, leaseMs: options.leaseMs ?? 600 });
  const members = createMembers(options, set);
  const stop = new AbortController();
  const memberOf = (id: number): Member => {
    const member = members[id];
    if (member === undefined) throw new RangeError(`There is no member ${id}`);
    return member;
  };
  return {
    async start() {
      await startAll(members);
      set.elect();
      void set.run(stop.signal);
      const addresses = members.map(({ address }) => address);
      return {
        url: connectionUrl(addresses, options.tls !== undefined),
        ports: addresses.map((address) => Number(address.slice(host.length + 1))),
      };
    },
    async stop() {
      stop.abort();
      for (const member of members) await member.kill();
    },
    get primary() {
      return set.primary?.id ?? null;
    },
    get members() {
      return set.statuses();
    },
    stepDown() {
      if (set.primary === null) throw new Error('The replica set has no primary');
      set.stepDown(set.primary, stepDownMs, false);
    },
    kill: (id) => set.kill(memberOf(id)),
    restart: (id) => set.restart(memberOf(id)),
    cutOff: (id) => set.cutOff(memberOf(id)),
    reconnect: (id) => set.reconnect(memberOf(id)),
  };
}

/** If one member does not start, stops the others. */
async function startAll(members: readonly Member[]): Promise<void> {
  try {
    for (const member of members) await member.start();
  } catch (error) {
    for (const member of members) await member.kill();
    throw error;
  }
}

function createMembers(options: MongoReplicaSetOptions, set: ReplicaSet): Member[] {
  const users = new UserTable(options.users ?? []);
  return (options.ports ?? [0, 0, 0]).map((port, id) => {
    const member = new Member(
      {
        id,
        host,
        port,
        path: options.path === undefined ? null : join(options.path, `member-${id}`),
        clock: options.clock ?? createSystemClock(),
        users,
        tls: options.tls ?? null,
        historyBytesMax: options.historyBytesMax ?? historyBytesDefault,
      },
      set,
    );
    set.join(member);
    return member;
  });
}
