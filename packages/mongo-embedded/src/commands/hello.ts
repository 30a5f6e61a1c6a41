import { Long, ObjectId } from 'bson';
import { MongoFailure } from '../error/mongo-failure.ts';
import { documentBytesMax, maxWireVersion, replicaSetName, topologyCounter } from '../server-state.ts';
import { messageBytesMax } from '../wire/frame-reader.ts';
import { loginFields } from './authentication-commands.ts';
import type { Command, CommandContext, CommandResult } from './command.ts';
import { opTimeOf } from './replication-metadata.ts';

/** Maximum wait of a `hello` for a topology change, milliseconds; drivers use ten seconds. */
const awaitMsMax = 60_000;

/** Reads the client's metadata, which may be sent once per connection. Source: the MongoDB handshake specification. */
function readClient({ body, connection }: CommandContext): void {
  const client = body.nested('client');
  if (client === undefined) return;
  if (connection.hasMetadata) {
    throw new MongoFailure(
      'ClientMetadataCannotBeMutated',
      'The client metadata document may only be sent in the first hello',
    );
  }
  connection.hasMetadata = true;
  connection.applicationName = client.nested('application')?.string('name') ?? null;
}

async function run(context: CommandContext): Promise<CommandResult> {
  const { server, body, connection, signal } = context;
  readClient(context);
  const login = loginFields(context);
  const awaitMs = body.count('maxAwaitTimeMS');
  const known = body.nested('topologyVersion');
  if ((awaitMs === undefined) !== (known === undefined)) {
    const message = "A request with a 'topologyVersion' must include 'maxAwaitTimeMS'";
    throw new MongoFailure(awaitMs === undefined ? 31368 : 51758, message);
  }
  const processId = new ObjectId(server.processId);
  const isCurrent = known?.element('processId')?.bytes.equals(server.processId) === true;
  if (isCurrent && awaitMs !== undefined) await server.clock.sleep(Math.min(awaitMs, awaitMsMax), signal);
  const isLegacyName = body.name !== 'hello';
  const now = server.store.clusterClock.current;
  const lastWriteDate = new Date(now.seconds * 1000);
  const opTime = opTimeOf(server.store);
  return {
    ...(isLegacyName
      ? { helloOk: body.boolean('helloOk') === true ? true : undefined, ismaster: true }
      : { isWritablePrimary: true }),
    topologyVersion: { processId, counter: Long.fromNumber(topologyCounter) },
    hosts: [connection.serverAddress],
    setName: replicaSetName,
    setVersion: 1,
    secondary: false,
    primary: connection.serverAddress,
    me: connection.serverAddress,
    electionId: new ObjectId('7fffffff0000000000000001'),
    lastWrite: { lastWriteDate, majorityWriteDate: lastWriteDate, opTime, majorityOpTime: opTime },
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
