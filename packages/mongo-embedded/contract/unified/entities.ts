/** The named things of one unified test: clients, databases, collections, sessions, buckets, cursors and values. */
import {
  AbstractCursor,
  ChangeStream,
  ClientSession,
  Collection,
  Db,
  type Document,
  GridFSBucket,
  MongoClient,
} from 'mongodb';
import type { ClientEvents, RecordedEvent } from './client-events.ts';
import type { ClientLogs } from './client-logs.ts';
import type { MatchScope } from './match-value.ts';
import type { ObjectKind } from './operations/operation-arguments.ts';
import { TestThread } from './test-thread.ts';

export type Cursor = AbstractCursor | ChangeStream;

/** Which operations an entity has; what is none of these is a value. */
const KINDS: readonly [ObjectKind, abstract new (...parameters: never) => unknown][] = [
  ['client', MongoClient],
  ['database', Db],
  ['collection', Collection],
  ['session', ClientSession],
  ['bucket', GridFSBucket],
  ['cursor', AbstractCursor],
  ['cursor', ChangeStream],
];

export class Entities implements MatchScope, AsyncDisposable {
  private readonly values = new Map<string, unknown>();
  private readonly events = new Map<string, ClientEvents>();
  private readonly logs = new Map<string, ClientLogs>();
  private readonly lsids = new Map<string, Document>();

  /** Names one value; a name is given once. */
  set(name: string, value: unknown): void {
    if (this.values.has(name)) throw new Error(`the test names two entities ${name}`);
    if (value === undefined) throw new Error(`there is nothing to keep as the entity ${name}`);
    this.values.set(name, value);
    if (value instanceof ClientSession && value.id !== undefined) this.lsids.set(name, value.id);
  }

  setClient(name: string, client: MongoClient, observers: { events: ClientEvents; logs: ClientLogs }): void {
    this.set(name, client);
    this.events.set(name, observers.events);
    this.logs.set(name, observers.logs);
  }

  entity(name: string): unknown {
    if (!this.values.has(name)) throw new Error(`the test speaks of an entity ${name} that it did not create`);
    return this.values.get(name);
  }

  kindOf(name: string): ObjectKind {
    const value = this.entity(name);
    const kind = KINDS.find(([_, type]) => value instanceof type)?.[0];
    if (kind === undefined) throw new Error(`the entity ${name} has no operations`);
    return kind;
  }

  bsonEntity(name: string): unknown {
    const value = this.entity(name);
    const isOfDriver = value instanceof TestThread || KINDS.some(([_, type]) => value instanceof type);
    if (isOfDriver) throw new Error(`the entity ${name} is not a BSON value`);
    return value;
  }

  sessionLsid(name: string): Document {
    const lsid = this.session(name).id ?? this.lsids.get(name);
    if (lsid === undefined) throw new Error(`the session ${name} never had an id`);
    return lsid;
  }

  client(name: string): MongoClient {
    return expectKind(name, this.entity(name), MongoClient);
  }

  database(name: string): Db {
    return expectKind(name, this.entity(name), Db);
  }

  collection(name: string): Collection {
    return expectKind(name, this.entity(name), Collection);
  }

  session(name: string): ClientSession {
    return expectKind(name, this.entity(name), ClientSession);
  }

  bucket(name: string): GridFSBucket {
    return expectKind(name, this.entity(name), GridFSBucket);
  }

  cursor(name: string): Cursor {
    const value = this.entity(name);
    if (!isCursor(value)) throw new Error(`the entity ${name} is not a cursor`);
    return value;
  }

  thread(name: string): TestThread {
    return expectKind(name, this.entity(name), TestThread);
  }

  eventsOf(clientName: string): ClientEvents {
    const events = this.events.get(clientName);
    if (events === undefined) throw new Error(`${clientName} is not a client`);
    return events;
  }

  recordedBy(clientName: string, type: RecordedEvent['type']): RecordedEvent[] {
    return this.eventsOf(clientName).recorded.filter((event) => event.type === type);
  }

  loggedBy(clientName: string): readonly Document[] {
    const logs = this.logs.get(clientName);
    if (logs === undefined) throw new Error(`${clientName} is not a client`);
    return logs.recorded;
  }

  /** Ends what observes the clients: what they do after the test's operations is none of the test's events. */
  stopObserving(): void {
    for (const events of this.events.values()) events.stop();
    for (const logs of this.logs.values()) logs.stop();
  }

  threads(): TestThread[] {
    return [...this.values.values()].filter((value) => value instanceof TestThread);
  }

  /** Closes what the test left open, cursors before sessions before clients. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.stopObserving();
    const values = [...this.values.values()];
    for (const value of values) {
      if (isCursor(value)) await value.close().catch(() => undefined);
    }
    for (const value of values) {
      if (value instanceof ClientSession) await value.endSession().catch(() => undefined);
    }
    await Promise.all(values.map(async (value) => (value instanceof MongoClient ? value.close() : undefined)));
  }
}

function isCursor(value: unknown): value is Cursor {
  return value instanceof ChangeStream || value instanceof AbstractCursor;
}

function expectKind<T>(name: string, value: unknown, kind: abstract new (...parameters: never) => T): T {
  if (value instanceof kind) return value;
  throw new Error(`the entity ${name} is not a ${kind.name}`);
}
