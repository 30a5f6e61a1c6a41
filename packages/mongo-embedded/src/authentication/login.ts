import { bsonTypes } from '@emcachers/bson/bson-types';
import { Binary, type Document } from 'bson';
import type { CommandBody } from '../bson/command-body.ts';
import { MongoFailure } from '../error/mongo-failure.ts';
import type { Credential } from './credential.ts';
import { ScramConversation, scramMechanism } from './scram-conversation.ts';
import type { UserTable } from './user-table.ts';

/** The only conversation of a connection has this number, as in mongod. */
const conversationId = 1;

/** Who is logged in on one connection, and the login that is under way. */
export class Login {
  #user: Credential | null = null;
  #conversation: ScramConversation | null = null;

  get user(): Credential | null {
    return this.#user;
  }

  /** `saslStart`, also as `speculativeAuthenticate` of a hello. Throws 18, and 334 for another mechanism. */
  start(body: CommandBody, database: string, users: UserTable): Document {
    this.#conversation = null;
    const mechanism = body.requiredString('mechanism');
    if (mechanism !== scramMechanism) {
      const message = `Received authentication for mechanism ${mechanism} which is unknown or not enabled`;
      throw new MongoFailure('MechanismUnavailable', message);
    }
    this.#conversation = new ScramConversation({
      find: (name) => users.find(database, name),
      skipsEmptyExchange: body.nested('options')?.boolean('skipEmptyExchange') === true,
    });
    return this.#step(body, this.#conversation);
  }

  /** `saslContinue`. Throws 17 if no login is under way, else 18. */
  continue(body: CommandBody): Document {
    const conversation = this.#conversation;
    if (conversation === null) throw new MongoFailure('ProtocolError', 'No SASL session state found');
    if (body.number('conversationId') !== conversationId)
      throw new MongoFailure('ProtocolError', 'sasl: Mismatched conversation id');
    return this.#step(body, conversation);
  }

  logout(): void {
    this.#user = null;
    this.#conversation = null;
  }

  #step(body: CommandBody, conversation: ScramConversation): Document {
    const { payload, isDone } = conversation.step(payloadOf(body));
    if (isDone) {
      this.#user = conversation.credential;
      this.#conversation = null;
    }
    return { conversationId, done: isDone, payload: new Binary(payload) };
  }
}

/** The bytes of `payload`, which old clients send as base64 text. */
function payloadOf(body: CommandBody): Buffer {
  const element = body.element('payload');
  if (element?.type === bsonTypes.binary) return element.bytes.subarray(5);
  if (element?.type === bsonTypes.string) return Buffer.from(body.requiredString('payload'), 'base64');
  throw new MongoFailure(
    'TypeMismatch',
    `BSON field '${body.name}.payload' is the wrong type, expected type 'binData'`,
  );
}
