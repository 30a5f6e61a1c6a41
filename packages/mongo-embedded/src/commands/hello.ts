import { bsonTypes } from '@emcachers/bson/bson-types';
import { type Document, Long, ObjectId } from 'bson';
import type { CommandBody } from '../bson/command-body.ts';
import { wrongType } from '../bson/typed-element.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import { topologyCounterOf, topologyOf } from '../replication/topology.ts';
import { documentBytesMax, maxWireVersion, replicaSetName, type ServerState } from '../server-state.ts';
import { messageBytesMax } from '../wire/frame-reader.ts';
import { loginFields } from './authentication-commands.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { opTimesOf } from './replication-metadata.ts';

/** Maximum wait of a `hello` for a topology change, milliseconds; drivers use ten seconds. */
const awaitMsMax = 60_000;

/** Reads the client's metadata, which may be sent once per connection. Source: the MongoDB handshake specification. */
function readClient({ body, connection }: CommandContext): void {
  const client = body.nested('client');
  if (client === undefined) return;
  const driver = client.nested('driver');
  for (const name of ['name', 'version'] as const) driver?.string(name);
  if (connection.hasMetadata) {
    throw new MongoFailure(
      'ClientMetadataCannotBeMutated',
      'The client metadata document may only be sent in the first hello',
    );
  }
  connection.hasMetadata = true;
  connection.applicationName = client.nested('application')?.string('name') ?? null;
}

/** Waits until the topology differs from the one that the client knows. Source: SDAM monitoring specification, awaitable hello. */
async function awaitChange({ body, connection, operation, server }: CommandContext): Promise<void> {
  const awaitMs = body.count('maxAwaitTimeMS');
  const known = body.nested('topologyVersion');
  if ((awaitMs === undefined) !== (known === undefined)) {
    const message = "A request with a 'topologyVersion' must include 'maxAwaitTimeMS'";
    throw new MongoFailure(awaitMs === undefined ? 31368 : 51758, message);
  }
  const isCurrent = isOfProcess(known, server.processId);
  if (awaitMs === undefined || !isCurrent) return;
  const waitMs = Math.min(awaitMs, awaitMsMax);
  if (server.member === null) await server.clock.sleep(waitMs, operation.signal);
  else {
    // A streamed hello repeats its request, so the client knows what the previous reply said.
    const counter = Math.max(Number(known?.int64('counter') ?? 0n), connection.topologyCounterSent);
    await server.member.topologyChange(counter, waitMs, operation.signal);
  }
  operation.check();
}

/** Whether the topology that the client knows is one of this process. Throws if its fields have other types. */
function isOfProcess(known: CommandBody | undefined, processId: Uint8Array): boolean {
  const knownId = known?.element('processId');
  if (knownId !== undefined && knownId.type !== bsonTypes.objectId)
    throw wrongType(knownId, 'hello.topologyVersion.processId', 'objectId');
  known?.int64('counter');
  return knownId?.bytes.equals(processId) === true;
}

function lastWriteOf(server: ServerState): Document {
  const { applied, majority } = opTimesOf(server);
  return {
    lastWriteDate: new Date(applied.ts.t * 1000),
    majorityWriteDate: new Date(majority.ts.t * 1000),
    opTime: applied,
    majorityOpTime: majority,
  };
}

/** Of two primaries, drivers believe the one with the greater id. Source: SDAM specification; mongod derives it from the term. */
function electionIdOf({ member }: ServerState): ObjectId {
  return new ObjectId(`7fffffff${(member?.term ?? 1).toString(16).padStart(16, '0')}`);
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { server, body, connection } = context;
  readClient(context);
  const login = loginFields(context);
  const helloOk = body.boolean('helloOk') === true ? true : undefined;
  await awaitChange(context);
  const topologyCounter = topologyCounterOf(server);
  connection.topologyCounterSent = topologyCounter;
  const { isWritablePrimary, ...topology } = topologyOf(server, connection);
  const isLegacyName = body.name !== 'hello';
  return {
    ...(isLegacyName ? { helloOk, ismaster: isWritablePrimary } : { isWritablePrimary }),
    topologyVersion: {
      processId: new ObjectId(server.processId),
      counter: Long.fromNumber(topologyCounter),
    },
    setName: replicaSetName,
    setVersion: 1,
    ...topology,
    ...(isWritablePrimary ? { electionId: electionIdOf(server) } : {}),
    lastWrite: lastWriteOf(server),
    maxBsonObjectSize: documentBytesMax,
    maxMessageSizeBytes: messageBytesMax,
    maxWriteBatchSize: 100_000,
    localTime: new Date(server.clock.nowMs()),
    logicalSessionTimeoutMinutes: server.parameters.localLogicalSessionTimeoutMinutes,
    connectionId: connection.id,
    minWireVersion: 0,
    maxWireVersion,
    readOnly: false,
    ...login,
  };
}

/** The handshake, under its current and its legacy name. */
export const helloCommand: Command = {
  names: ['hello', 'isMaster', 'ismaster'],
  isTransactional: false,
  needsNoLogin: true,
  run,
};
