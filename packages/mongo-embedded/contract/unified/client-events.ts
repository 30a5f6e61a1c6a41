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

export interface ClientEventsOptions {
  readonly observe: readonly string[];
  readonly ignoreCommands: readonly string[];
  readonly observeSensitive: boolean;
}

export class ClientEvents {
  readonly recorded: RecordedEvent[] = [];
  /** Every event that can be waited for or counted, whether a test lists it to be observed or not. */
  connectionsCheckedOut = 0;
  private readonly listeners = new Set<() => void>();
  private stopped = false;

  constructor(client: MongoClient, options: ClientEventsOptions) {
    const observed = new Set(options.observe);
    const ignored = new Set([...options.ignoreCommands, 'configureFailPoint']);
    const record = (event: RecordedEvent): void => {
      if (this.stopped || !observed.has(event.name)) return;
      if (event.type === 'command' && ignored.has(String(event.details['commandName']))) return;
      if (event.type === 'command' && !options.observeSensitive && isSensitive(event.details)) return;
      this.recorded.push(event);
      for (const listener of this.listeners) listener();
    };
    this.attach(client, record);
  }

  private attach(client: MongoClient, record: (event: RecordedEvent) => void): void {
    const emitter: { on(name: string, listener: (details: Document) => void): unknown } = client;
    for (const [driverName, name] of Object.entries(COMMAND_EVENTS)) {
      emitter.on(driverName, (details) => record({ name, type: 'command', details: snapshotOf(details) }));
    }
    for (const [driverName, name] of Object.entries(POOL_EVENTS)) {
      emitter.on(driverName, (details) => record({ name, type: 'cmap', details }));
    }
    for (const [driverName, name] of Object.entries(TOPOLOGY_EVENTS)) {
      emitter.on(driverName, (details) => record({ name, type: 'sdam', details }));
    }
    emitter.on('connectionCheckedOut', () => {
      this.connectionsCheckedOut += 1;
    });
    emitter.on('connectionCheckedIn', () => {
      this.connectionsCheckedOut -= 1;
    });
  }

  stop(): void {
    this.stopped = true;
  }

  /** The started events of commands, newest last. */
  startedCommands(): Document[] {
    return this.recorded.filter((event) => event.name === 'commandStartedEvent').map((event) => event.details);
  }

  /** Resolves when `isMet` holds, looking again after each recorded event; rejects after `timeoutMs`. */
  async waitUntil(isMet: () => boolean, timeoutMs: number): Promise<void> {
    if (isMet()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.listeners.delete(look);
        reject(new Error(`the awaited event did not come within ${timeoutMs} ms`));
      }, timeoutMs);
      const look = (): void => {
        if (!isMet()) return;
        clearTimeout(timer);
        this.listeners.delete(look);
        resolve();
      };
      this.listeners.add(look);
    });
  }
}

/** Named as such, or emptied by the driver because it carried credentials (a hello with speculative authentication). */
function isSensitive(details: Document): boolean {
  const content: unknown = details['command'] ?? details['reply'] ?? { failure: true };
  return SENSITIVE.has(String(details['commandName'])) || Object.keys(content as object).length === 0;
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
  return deserialize(serialize(document), { promoteLongs: false, bsonRegExp: true });
}
