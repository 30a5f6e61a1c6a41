/** Records what the driver reports of one client: commands, connection pool and topology, as plain documents. */
import { deserialize, serialize } from 'bson';
import type { Document, MongoClient } from 'mongodb';

export interface RecordedEvent {
  /** Name as the unified test format writes it, for example `commandStartedEvent`. */
  readonly name: string;
  readonly type: 'command' | 'cmap' | 'sdam';
  readonly details: Document;
}

const COMMAND_EVENTS = {
  commandStarted: 'commandStartedEvent',
  commandSucceeded: 'commandSucceededEvent',
  commandFailed: 'commandFailedEvent',
};
const POOL_EVENTS = {
  connectionPoolCreated: 'poolCreatedEvent',
  connectionPoolReady: 'poolReadyEvent',
  connectionPoolCleared: 'poolClearedEvent',
  connectionPoolClosed: 'poolClosedEvent',
  connectionCreated: 'connectionCreatedEvent',
  connectionReady: 'connectionReadyEvent',
  connectionClosed: 'connectionClosedEvent',
  connectionCheckOutStarted: 'connectionCheckOutStartedEvent',
  connectionCheckOutFailed: 'connectionCheckOutFailedEvent',
  connectionCheckedOut: 'connectionCheckedOutEvent',
  connectionCheckedIn: 'connectionCheckedInEvent',
};
const TOPOLOGY_EVENTS = {
  serverDescriptionChanged: 'serverDescriptionChangedEvent',
  topologyDescriptionChanged: 'topologyDescriptionChangedEvent',
  topologyOpening: 'topologyOpeningEvent',
  topologyClosed: 'topologyClosedEvent',
  serverHeartbeatStarted: 'serverHeartbeatStartedEvent',
  serverHeartbeatSucceeded: 'serverHeartbeatSucceededEvent',
  serverHeartbeatFailed: 'serverHeartbeatFailedEvent',
};
const KNOWN_NAMES = new Set(
  [COMMAND_EVENTS, POOL_EVENTS, TOPOLOGY_EVENTS].flatMap((events): string[] => Object.values(events)),
);
/** Commands that carry credentials or belong to the handshake; observed only where a test asks for them. */
const SENSITIVE = new Set([
  'authenticate',
  'saslStart',
  'saslContinue',
  'getnonce',
  'createUser',
  'updateUser',
  'copydbgetnonce',
  'copydbsaslstart',
  'copydb',
]);

/** Whether the format knows an event of that name. */
export function isEventName(name: string): boolean {
  return KNOWN_NAMES.has(name);
}

export interface ClientEventsOptions {
  readonly observe: readonly string[];
  readonly ignoreCommands: readonly string[];
  readonly observeSensitive: boolean;
  /** Lists to append events to, each with the names of its events as their own specifications write them. */
  readonly stores: readonly { readonly names: readonly string[]; readonly list: Document[] }[];
}

export class ClientEvents {
  readonly recorded: RecordedEvent[] = [];
  /** Every event that can be waited for or counted, whether a test lists it to be observed or not. */
  connectionsCheckedOut = 0;
  connectionsReady = 0;
  private stopped = false;

  constructor(client: MongoClient, options: ClientEventsOptions) {
    const isObserved = observationOf(options);
    const record = (event: RecordedEvent): void => {
      if (this.stopped) return;
      storeEvent(event, options.stores);
      if (isObserved(event)) this.recorded.push(event);
    };
    this.attach(client, record);
  }

  private attach(client: MongoClient, record: (event: RecordedEvent) => void): void {
    const emitter: { on(name: string, listener: (details: Document) => void): unknown } = client;
    for (const [driverName, name] of Object.entries(COMMAND_EVENTS)) {
      emitter.on(driverName, (details) => record({ name, type: 'command', details: snapshotOf(details) }));
    }
    for (const [driverName, name] of Object.entries(POOL_EVENTS)) {
      emitter.on(driverName, (details) => record({ name, type: 'cmap', details: poolDetailsOf(details) }));
    }
    for (const [driverName, name] of Object.entries(TOPOLOGY_EVENTS)) {
      emitter.on(driverName, (details) => record({ name, type: 'sdam', details }));
    }
    emitter.on('connectionCheckedOut', () => {
      this.connectionsCheckedOut += 1;
    });
    emitter.on('connectionReady', () => {
      this.connectionsReady += 1;
    });
    emitter.on('connectionCheckedIn', () => {
      this.connectionsCheckedOut -= 1;
    });
  }

  stop(): void {
    this.stopped = true;
  }

  /** Drops what was recorded, for example while a pool was filled before the test. */
  forget(): void {
    this.recorded.length = 0;
  }

  /** The started events of commands, newest last. */
  startedCommands(): Document[] {
    return this.recorded.filter((event) => event.name === 'commandStartedEvent').map((event) => event.details);
  }
}

/** Which events a test observes. */
function observationOf(options: ClientEventsOptions): (event: RecordedEvent) => boolean {
  const observed = new Set(options.observe);
  const ignored = new Set([...options.ignoreCommands, 'configureFailPoint']);
  return ({ name, type, details }) => {
    if (!observed.has(name)) return false;
    if (type !== 'command') return true;
    return !ignored.has(String(details['commandName'])) && (options.observeSensitive || !isSensitive(details));
  };
}

/** Named as such, or emptied by the driver because it carried credentials (a hello with speculative authentication). */
function isSensitive(details: Document): boolean {
  const content: unknown = details['command'] ?? details['reply'] ?? { failure: true };
  return SENSITIVE.has(String(details['commandName'])) || Object.keys(content as object).length === 0;
}

function storeEvent({ name, details }: RecordedEvent, stores: ClientEventsOptions['stores']): void {
  const storedName = `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
  const { command: _, reply: __, failure, ...rest } = details;
  const document = {
    name: storedName,
    observedAt: Date.now() / 1000,
    ...rest,
    ...(failure === undefined ? {} : { failure: String(failure) }),
  };
  for (const { names, list } of stores) if (names.includes(storedName)) list.push(document);
}

function poolDetailsOf(details: Document): Document {
  return { ...details, hasServiceId: details['serviceId'] !== undefined };
}

/** The driver reuses and changes command documents, so what it reported is copied as the bytes that it would send. */
function snapshotOf(details: Document): Document {
  const copy: Document = {
    commandName: details['commandName'],
    databaseName: details['databaseName'],
    hasServiceId: details['serviceId'] !== undefined,
    hasServerConnectionId: typeof details['serverConnectionId'] === 'bigint',
    failure: details['failure'],
  };
  for (const part of ['command', 'reply'] as const) {
    const value: unknown = details[part];
    if (typeof value === 'object' && value !== null) copy[part] = copyOf(value);
  }
  return copy;
}

function copyOf(document: object): Document {
  return deserialize(serialize(document), { promoteValues: false, bsonRegExp: true });
}
