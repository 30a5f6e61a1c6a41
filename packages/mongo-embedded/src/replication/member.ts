import type { UserTable } from '../authentication/user-table.ts';
import type { Clock } from '../clock.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { ClusterTime } from '../history/history-entry.ts';
import { createListener, createProcess, openRuntime, type Process, type Runtime } from '../runtime.ts';
import { compareClusterTime } from '../session/cluster-clock.ts';
import type { DocumentAccess } from '../storage/document-access.ts';
import type { Listener } from '../wire/listener.ts';
import type { TlsOptions } from '../wire/tls-gate.ts';
import { Acknowledgements } from './acknowledgements.ts';
import type { Batch } from './batch-log.ts';
import { Condition } from './condition.ts';
import { MemberData } from './member-data.ts';
import type { Acknowledgement, MemberStatus, Membership, Role } from './membership.ts';
import type { Position } from './position.ts';

export interface MemberOptions {
  readonly id: number;
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
  readonly clock: Clock;
  readonly users: UserTable;
  readonly tls: TlsOptions | null;
  readonly historyBytesMax: number;
}

/** What a member needs of its set. */
export interface MemberSet {
  statuses(): readonly MemberStatus[];
  /** The primary has committed something. */
  committed(member: Member): void;
  stepDown(member: Member, frozenMs: number, isForced: boolean): void;
}

/**
 * One member of a replica set: an address, data, and a role. It does nothing by itself; `ReplicaSet` decides who is
 * primary and who follows whom.
 */
export class Member implements Membership {
  readonly id: number;
  readonly #options: MemberOptions;
  readonly #set: MemberSet;
  readonly #changes: Condition;
  readonly #acknowledgements: Acknowledgements;
  #process: Process;
  #data: MemberData | null = null;
  #runtime: Runtime | null = null;
  #listener: Listener | null = null;
  /** The data of a killed member that keeps it in memory. */
  #kept: Buffer | undefined;
  #port: number;
  #role: Role = 'recovering';
  #primary: string | null = null;
  #term = 0;
  #topologyCounter = 1;

  constructor(options: MemberOptions, set: MemberSet) {
    this.id = options.id;
    this.#options = options;
    this.#set = set;
    this.#port = options.port;
    this.#changes = new Condition(options.clock);
    this.#acknowledgements = new Acknowledgements(options.clock);
    this.#process = createProcess(options.clock, options.users);
  }

  get address(): string {
    return `${this.#options.host}:${this.#port}`;
  }

  get role(): Role {
    return this.#role;
  }

  get primary(): string | null {
    return this.#primary;
  }

  get term(): number {
    return this.#term;
  }

  get topologyCounter(): number {
    return this.#topologyCounter;
  }

  get isUp(): boolean {
    return this.#listener !== null;
  }

  get members(): readonly MemberStatus[] {
    return this.#set.statuses();
  }

  get majorityView(): DocumentAccess {
    return this.#opened.view;
  }

  get appliedTime(): ClusterTime {
    return this.#opened.appliedTime;
  }

  get majorityTime(): ClusterTime {
    return this.#opened.majorityTime;
  }

  get position(): Position | null {
    return this.#opened.position;
  }

  /** The latest time that this member knows of. */
  get latestTime(): ClusterTime {
    return this.#opened.store.clusterClock.current;
  }

  async topologyChange(counter: number, timeoutMs: number, signal: AbortSignal): Promise<void> {
    await this.#changes.wait(() => this.#topologyCounter !== counter, timeoutMs, signal);
  }

  async reached(
    time: ClusterTime,
    { isMajority, timeoutMs, signal }: { isMajority: boolean; timeoutMs: number | null; signal: AbortSignal },
  ): Promise<boolean> {
    const isReached = (): boolean =>
      this.#data !== null && compareClusterTime(isMajority ? this.majorityTime : this.readTime, time) >= 0;
    return this.#changes.wait(isReached, timeoutMs, signal);
  }

  /** A primary's own time counts as reached: no earlier write can follow. */
  get readTime(): ClusterTime {
    return this.#role === 'primary' ? this.latestTime : this.appliedTime;
  }

  async acknowledged({ nodes, timeoutMs }: Acknowledgement, signal: AbortSignal): Promise<MongoFailure | null> {
    const { position } = this;
    if (nodes === 1 || nodes === 0 || position === null) return null;
    if (this.#role !== 'primary') return steppedDown();
    return this.#acknowledgements.wait({ position, nodes, timeoutMs, signal });
  }

  stepDown(frozenMs: number, isForced: boolean): void {
    this.#set.stepDown(this, frozenMs, isForced);
  }

  /** Opens the data and listens, on the same port as before. Throws if the member is running. */
  async start(): Promise<void> {
    if (this.isUp) throw new Error(`Member ${this.id} is running`);
    const { clock, host, tls, users } = this.#options;
    this.#process = createProcess(clock, users);
    this.#open(this.#kept);
    this.#kept = undefined;
    const listener = createListener(
      this.#process,
      async (request, connection, gone) =>
        this.#runtime === null ? { document: null } : this.#runtime.dispatcher.handle({ request, connection, gone }),
      tls,
    );
    this.#port = await listener.listen(host, this.#port);
    this.#listener = listener;
  }

  /** As if the process was killed: no reply, no farewell. Data in memory stays for the next start. */
  async kill(): Promise<void> {
    if (this.#data === null) return;
    const closing = this.#listener?.close();
    this.#listener = null;
    if (this.#role === 'primary') this.demote();
    this.#moveTo('recovering', null);
    if (this.#options.path === null) this.#kept = this.#opened.image();
    this.close();
    await closing;
  }

  close(): void {
    this.#runtime?.close();
    this.#runtime = null;
    this.#data = null;
  }

  /** Becomes primary of a term, with a time that no member has passed. */
  promote(term: number, time: ClusterTime): void {
    this.#term = term;
    this.#opened.startWriting(term, time);
    this.#runtime?.state.sessions.forgetIdle();
    this.#moveTo('primary', this.address);
    this.#opened.startTerm();
  }

  /** Stops to be primary. Writes that wait for other members get PrimarySteppedDown 189. */
  demote(): void {
    this.#opened.stopWriting();
    this.#moveTo('secondary', null);
    this.#runtime?.state.sessions.abortAll();
    this.#acknowledgements.failAll(steppedDown);
  }

  /** Catches up with the primary in one turn: runs its newest commits, or takes over a copy of its state. */
  follow(primary: Member): void {
    const batches = primary.#opened.batchesAfter(this.position);
    if (batches === null || !this.#canApply(batches)) this.#copy(primary);
    if (this.#term !== primary.term || this.#primary !== primary.address || this.#role !== 'secondary') {
      this.#term = primary.term;
      this.#moveTo('secondary', primary.address);
    }
    this.#changes.notify();
  }

  /** Forgets a primary that it cannot reach any more. */
  loseSightOfPrimary(): void {
    if (this.#role !== 'primary' && this.#primary !== null) this.#moveTo(this.#role, null);
  }

  /** The members at these positions, and this primary, have what they have. */
  acknowledge(positions: readonly (Position | null)[]): void {
    if (positions.length > 0) this.#opened.majorityReached();
    this.#acknowledgements.reach([this.position, ...positions]);
    this.#changes.notify();
  }

  /** Commits what has been accepted. */
  flush(): void {
    this.#opened.flush();
  }

  /** Carries the time to the other members if it has moved since the last write. */
  carryTime(): void {
    if (this.#opened.isTimeBehind) this.#opened.commitTime();
  }

  get #opened(): MemberData {
    if (this.#data === null) throw new MongoFailure('InterruptedAtShutdown', 'interrupted at shutdown');
    return this.#data;
  }

  /** False if a commit of the primary cannot be applied, which only a damaged file explains. */
  #canApply(batches: readonly Batch[]): boolean {
    try {
      this.#apply(batches);
      return true;
    } catch {
      return false;
    }
  }

  #apply(batches: readonly Batch[]): void {
    const { store } = this.#opened;
    const before = new Map<string, number>(
      store.catalog
        .databases()
        .flatMap((name) => store.catalog.collections(name).map((each) => [`${name}.${each.name}`, each.id] as const)),
    );
    if (!this.#opened.apply(batches)) return;
    this.#runtime?.state.cursors.killWhere(({ namespace, isChangeStream }) => {
      const [database = '', ...name] = namespace.split('.');
      const now = store.catalog.find(database, name.join('.'));
      return !isChangeStream && before.get(namespace) !== now?.id;
    });
  }

  /** As mongod after a rollback: all connections are closed, and what they had open is gone. */
  #copy(primary: Member): void {
    const image = primary.#opened.image();
    this.#listener?.disconnect();
    this.close();
    this.#open(image);
  }

  #open(image?: Buffer): void {
    const { path, clock, historyBytesMax, users } = this.#options;
    const data = new MemberData({
      path,
      clock,
      historyBytesMax,
      ...(image === undefined ? {} : { image }),
      beforeWrite: () => {
        if (this.#role !== 'primary')
          throw new MongoFailure('InterruptedDueToReplStateChange', 'operation was interrupted');
      },
      committed: () => this.#set.committed(this),
    });
    this.#data = data;
    this.#runtime = openRuntime({ clock, users, process: this.#process, data, path, member: this });
  }

  #moveTo(role: Role, primary: string | null): void {
    this.#role = role;
    this.#primary = primary;
    this.#topologyCounter += 1;
    this.#changes.notify();
  }
}

function steppedDown(): MongoFailure {
  return new MongoFailure('PrimarySteppedDown', 'Primary stepped down while waiting for replication');
}
