/** The named things of one unified test: clients, databases, collections, sessions, cursors and values. */
import { AbstractCursor, ChangeStream, ClientSession, Collection, Db, type Document, MongoClient } from 'mongodb';
import { ClientEvents, type RecordedEvent } from './client-events.ts';
import { toReadConcern, toReadPreference, toSessionOptions } from './driver-options.ts';
import type { MatchScope } from './match-value.ts';
import { OutOfScope } from './out-of-scope.ts';

export type Cursor = AbstractCursor | ChangeStream;

export interface ThreadEntity {
  readonly kind: 'thread';
  tail: Promise<void>;
}

export interface EntitiesDependencies {
  /** Connection string of the server under test, without the options of single clients. */
  readonly url: string;
}

export class Entities implements MatchScope, AsyncDisposable {
  private readonly values = new Map<string, unknown>();
  private readonly clients = new Map<string, MongoClient>();
  private readonly events = new Map<string, ClientEvents>();
  private readonly lsids = new Map<string, Document>();
  private readonly url: string;

  constructor(dependencies: EntitiesDependencies) {
    this.url = dependencies.url;
  }

  /** Creates the entities of `createEntities` in order; a client connects with its first operation. */
  create(definitions: readonly Document[]): void {
    for (const definition of definitions) {
      const [kind = '', options] = Object.entries(definition)[0] ?? [];
      this.createOne(kind, options as Document);
    }
  }

  private createOne(kind: string, options: Document): void {
    const id = String(options['id']);
    if (kind === 'client') {
      this.createClient(id, options);
    } else if (kind === 'database') {
      const { readConcern, readPreference, ...rest } = (options['databaseOptions'] ?? {}) as Document;
      const concerns = { ...toReadConcern(readConcern), ...toReadPreference(readPreference) };
      this.set(
        id,
        this.client(String(options['client'])).db(String(options['databaseName']), { ...rest, ...concerns }),
      );
    } else if (kind === 'collection') {
      const { readConcern, readPreference, ...rest } = (options['collectionOptions'] ?? {}) as Document;
      const concerns = { ...toReadConcern(readConcern), ...toReadPreference(readPreference) };
      const database = this.database(String(options['database']));
      this.set(id, database.collection(String(options['collectionName']), { ...rest, ...concerns }));
    } else if (kind === 'session') {
      const session = this.client(String(options['client'])).startSession(toSessionOptions(options['sessionOptions']));
      this.set(id, session);
      if (session.id !== undefined) this.lsids.set(id, session.id);
    } else if (kind === 'thread') {
      this.set(id, { kind: 'thread', tail: Promise.resolve() } satisfies ThreadEntity);
    } else {
      throw new OutOfScope(`entity ${kind} is not a feature that the embedded server is for`);
    }
  }

  private createClient(id: string, options: Document): void {
    if (options['autoEncryptOpts'] !== undefined) throw new OutOfScope('client-side encryption');
    const { serverApi, uriOptions, storeEventsAsEntities } = options;
    const client = new MongoClient(this.url, {
      monitorCommands: true,
      ...driverOptionsOf((uriOptions ?? {}) as Document),
      ...(serverApi === undefined ? {} : { serverApi }),
    });
    const observe = new Set<string>((options['observeEvents'] as string[] | undefined) ?? []);
    this.events.set(
      id,
      new ClientEvents(client, {
        observe: [...observe],
        ignoreCommands: (options['ignoreCommandMonitoringEvents'] as string[] | undefined) ?? [],
        observeSensitive: options['observeSensitiveCommands'] === true,
      }),
    );
    if (storeEventsAsEntities !== undefined)
      throw new OutOfScope('storeEventsAsEntities serves performance tests only');
    this.clients.set(id, client);
    this.set(id, client);
  }

  /** Names one value; a name is given once. */
  set(name: string, value: unknown): void {
    if (this.values.has(name)) throw new Error(`the test names two entities ${name}`);
    this.values.set(name, value);
  }

  entity(name: string): unknown {
    if (!this.values.has(name)) throw new Error(`the test speaks of an entity ${name} that it did not create`);
    return this.values.get(name);
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

  thread(name: string): ThreadEntity {
    return this.entity(name) as ThreadEntity;
  }

  eventsOf(clientName: string): ClientEvents {
    const events = this.events.get(clientName);
    if (events === undefined) throw new Error(`${clientName} is not a client`);
    return events;
  }

  recordedBy(clientName: string, type: RecordedEvent['type']): RecordedEvent[] {
    return this.eventsOf(clientName).recorded.filter((event) => event.type === type);
  }

  /** Closes what the test left open, cursors before sessions before clients. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const events of this.events.values()) events.stop();
    const values = [...this.values.values()];
    for (const value of values) {
      if (isCursor(value)) await value.close().catch(() => undefined);
    }
    for (const value of values) {
      if (value instanceof ClientSession) await value.endSession().catch(() => undefined);
    }
    await Promise.all([...this.clients.values()].map((client) => client.close()));
  }
}

export function isCursor(value: unknown): value is Cursor {
  return value instanceof ChangeStream || value instanceof AbstractCursor;
}

/** URI options carry the names of connection strings; the driver takes nearly all of them as option names as well. */
function driverOptionsOf(uriOptions: Document): Document {
  const { readConcernLevel, w, wTimeoutMS, journal, readPreference, ...rest } = uriOptions;
  const writeConcern = { ...(w === undefined ? {} : { w }), ...(journal === undefined ? {} : { journal }) };
  const timeout = wTimeoutMS === undefined ? {} : { wtimeoutMS: wTimeoutMS };
  return {
    ...rest,
    ...(readConcernLevel === undefined ? {} : { readConcernLevel }),
    ...(readPreference === undefined ? {} : { readPreference }),
    ...(Object.keys({ ...writeConcern, ...timeout }).length === 0
      ? {}
      : { writeConcern: { ...writeConcern, ...timeout } }),
  };
}

function expectKind<T>(name: string, value: unknown, kind: abstract new (...parameters: never) => T): T {
  if (value instanceof kind) return value;
  throw new Error(`the entity ${name} is not a ${kind.name}`);
}
