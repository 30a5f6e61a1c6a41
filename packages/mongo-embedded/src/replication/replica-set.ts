import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';
import { majorityCount } from './acknowledgements.ts';
import type { Member } from './member.ts';
import type { MemberStatus } from './membership.ts';
import { comparePositions, type Position, startPosition } from './position.ts';

export interface ReplicaSetTimes {
  /** How long the other members wait for a primary before they elect a new one. */
  readonly electionMs: number;
  /** How long a primary that reaches no majority stays primary. */
  readonly leaseMs: number;
}

/** Interval at which the set looks at leases, elections and the clock. */
const roundMs = 20;

function byNewest(a: Member, b: Member): number {
  return comparePositions(b.position ?? startPosition, a.position ?? startPosition) || a.id - b.id;
}

/**
 * Three members in one process: who is primary, and who follows whom.
 *
 * - Members that reach each other form the group; a member that is cut off is alone. Only a group with a majority elects,
 *   and only a member that is as new as any other of the group. Every majority shares a member with every other, so the
 *   new primary has every write that a majority has (I2).
 * - The first commit of a term is made by the election itself, and a member always catches up with the whole of a
 *   primary's commits at once. So what a member has of a primary, a majority has: two of three.
 * - A member whose newest commit is not one of the primary's takes over a copy of the primary's state. That rolls back
 *   writes that only this member had.
 *
 * Everything happens in one thread and in the order of the members' numbers, so the same events give the same outcome.
 */
export class ReplicaSet {
  readonly #members: Member[] = [];
  readonly #clock: Clock;
  readonly #times: ReplicaSetTimes;
  readonly #cutOff = new Set<Member>();
  /** Members that have stepped down may not be elected before this time. */
  readonly #frozenUntilMs = new Map<Member, number>();
  /** Since when each primary has reached no majority. */
  readonly #aloneSinceMs = new Map<Member, number>();
  #leaderlessSinceMs: number | null = null;
  #isScheduled = false;

  constructor(clock: Clock, times: ReplicaSetTimes) {
    this.#clock = clock;
    this.#times = times;
  }

  join(member: Member): void {
    this.#members.push(member);
  }

  /** The primary that reaches a majority; null if there is none. */
  get primary(): Member | null {
    const group = this.#group();
    if (group.length < majorityCount) return null;
    return group.find((member) => member.role === 'primary') ?? null;
  }

  statuses(): readonly MemberStatus[] {
    return this.#members.map((member) => ({
      id: member.id,
      address: member.address,
      role: member.isUp ? member.role : 'down',
    }));
  }

  /** Schedules replication, after the reply of a write that does not wait for it. */
  committed(member: Member): void {
    if (this.#isScheduled || this.primary !== member) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.replicate();
    });
  }

  /** Every member of the primary's group catches up with it. */
  replicate(): void {
    const { primary } = this;
    if (primary === null) return;
    // Nothing may be half written while the others catch up and the history shows what they have.
    primary.flush();
    const followers = this.#group().filter((member) => member !== primary);
    for (const follower of followers) {
      if (follower.role === 'primary') follower.demote();
      follower.follow(primary);
    }
    primary.acknowledge(followers.map(({ position }) => position));
  }

  /** Elects a primary now if the group has a majority and none yet. Returns whether there is a primary. */
  elect(): boolean {
    if (this.primary !== null) return true;
    const group = this.#group();
    if (group.length < majorityCount) return false;
    const [newest] = [...group].sort(byNewest);
    if (newest === undefined) return false;
    const candidate = group
      .filter((member) => isAsNew(member.position, newest.position))
      .find((member) => !this.#isFrozen(member));
    if (candidate === undefined) return false;
    const terms = [...this.#members.map(({ term }) => term), ...group.map(({ position }) => position?.term ?? 0)];
    candidate.promote(Math.max(...terms) + 1, latestTime(group));
    this.#aloneSinceMs.delete(candidate);
    this.replicate();
    return true;
  }

  stepDown(member: Member, frozenMs: number, isForced: boolean): void {
    if (member.role !== 'primary') throw new MongoFailure('NotWritablePrimary', "not primary so can't step down");
    const others = this.#group().filter((other) => other !== member);
    const isReached = !this.#cutOff.has(member) && others.length > 0;
    if (!isReached && !isForced) {
      throw new MongoFailure(
        'ExceededTimeLimit',
        'No electable secondaries caught up. Please use the replSetStepDown command with the argument {force: true} to force node to step down.',
      );
    }
    this.replicate();
    member.demote();
    this.#frozenUntilMs.set(member, this.#clock.monotonicMs() + frozenMs);
    setImmediate(() => this.elect());
  }

  async restart(member: Member): Promise<void> {
    await member.start();
    this.replicate();
  }

  async kill(member: Member): Promise<void> {
    await member.kill();
    this.#lookAtPrimaries();
  }

  cutOff(member: Member): void {
    this.#cutOff.add(member);
    this.#lookAtPrimaries();
  }

  /** The member reaches the others again, and follows their primary. */
  reconnect(member: Member): void {
    this.#cutOff.delete(member);
    this.#settlePrimaries();
    this.replicate();
    this.#lookAtPrimaries();
  }

  /** Looks at leases, elections and the clock until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(roundMs, signal);
      if (!signal.aborted) this.#round();
    }
  }

  #round(): void {
    this.#lookAtPrimaries();
    const nowMs = this.#clock.monotonicMs();
    for (const [member, sinceMs] of this.#aloneSinceMs) {
      if (member.role === 'primary' && sinceMs + this.#times.leaseMs <= nowMs) member.demote();
    }
    if (this.#leaderlessSinceMs !== null && this.#leaderlessSinceMs + this.#times.electionMs <= nowMs) this.elect();
    this.primary?.carryTime();
  }

  /** Notes since when a primary is alone, and since when the group has none. */
  #lookAtPrimaries(): void {
    const { primary } = this;
    const nowMs = this.#clock.monotonicMs();
    for (const member of this.#members) this.#noteAlone(member, nowMs);
    if (primary !== null) this.#leaderlessSinceMs = null;
    else this.#leaderlessSinceMs ??= nowMs;
    const seesPrimary = primary === null ? [] : this.#group();
    for (const member of this.#members) if (member.isUp && !seesPrimary.includes(member)) member.loseSightOfPrimary();
  }

  #noteAlone(member: Member, nowMs: number): void {
    const isAlone = member.role === 'primary' && member !== this.primary;
    if (!isAlone) this.#aloneSinceMs.delete(member);
    else if (!this.#aloneSinceMs.has(member)) this.#aloneSinceMs.set(member, nowMs);
  }

  /** Of two primaries in one group, the one of the newer term stays. */
  #settlePrimaries(): void {
    const primaries = this.#group().filter((member) => member.role === 'primary');
    const newestTerm = Math.max(...primaries.map(({ term }) => term));
    for (const member of primaries) if (member.term < newestTerm) member.demote();
  }

  #isFrozen(member: Member): boolean {
    return (this.#frozenUntilMs.get(member) ?? 0) > this.#clock.monotonicMs();
  }

  /** The members that reach each other. */
  #group(): Member[] {
    return this.#members.filter((member) => member.isUp && !this.#cutOff.has(member));
  }
}

function isAsNew(position: Position | null, newest: Position | null): boolean {
  return comparePositions(position ?? startPosition, newest ?? startPosition) === 0;
}

function latestTime(members: readonly Member[]): ClusterTime {
  return members
    .map(({ latestTime: time }) => time)
    .reduce((latest, time) => (compareClusterTime(time, latest) > 0 ? time : latest));
}
