import { randomBytes, timingSafeEqual } from 'node:crypto';
import { MongoFailure } from '../error/mongo-failure.ts';
import { type Credential, hashOf, hmacOf } from './credential.ts';

/** The only mechanism that this server offers. */
export const scramMechanism = 'SCRAM-SHA-256';

/** The server's next message, and whether the conversation is over. */
export interface ScramStep {
  readonly payload: Buffer;
  readonly isDone: boolean;
}

type State =
  | { readonly kind: 'first' }
  | { readonly kind: 'final'; readonly credential: Credential; readonly authMessage: string; readonly nonce: string }
  | { readonly kind: 'empty'; readonly credential: Credential }
  | { readonly kind: 'over'; readonly credential: Credential | null };

export interface ScramOptions {
  readonly find: (name: string) => Credential | null;
  /** Ends the conversation with the server's signature, instead of one more empty exchange. */
  readonly skipsEmptyExchange: boolean;
}

/** One error for every cause, so that a client cannot find out which users exist. */
function refused(): MongoFailure {
  return new MongoFailure('AuthenticationFailed', 'Authentication failed.');
}

/**
 * The server's side of one SCRAM-SHA-256 login. Source: RFC 5802 with SHA-256 (RFC 7677), without channel binding;
 * MongoDB's authentication specification for the empty exchange at its end.
 *
 * Every error ends the conversation (AuthenticationFailed 18); a client must start a new one.
 */
export class ScramConversation {
  readonly #options: ScramOptions;
  #state: State = { kind: 'first' };

  constructor(options: ScramOptions) {
    this.#options = options;
  }

  /** The user who has proved the password; null before the end, and after a failure. */
  get credential(): Credential | null {
    return this.#state.kind === 'over' ? this.#state.credential : null;
  }

  /** Handles the client's next message. Throws AuthenticationFailed 18. */
  step(payload: Buffer): ScramStep {
    const state = this.#state;
    this.#state = { kind: 'over', credential: null };
    switch (state.kind) {
      case 'first':
        return this.#first(payload.toString('utf8'));
      case 'final':
        return this.#final(payload.toString('utf8'), state);
      case 'empty':
        if (payload.length > 0) throw refused();
        this.#state = { kind: 'over', credential: state.credential };
        return { payload: Buffer.alloc(0), isDone: true };
      case 'over':
        throw refused();
    }
  }

  /** `n,,n=<user>,r=<nonce>`: no channel binding, no authorization identity. */
  #first(message: string): ScramStep {
    const { bare, user, clientNonce } =
      /^[ny],,(?<bare>n=(?<user>[^,]+),r=(?<clientNonce>[^,]+))$/.exec(message)?.groups ?? {};
    if (bare === undefined || user === undefined || clientNonce === undefined) throw refused();
    const credential = this.#options.find(user.replaceAll('=2C', ',').replaceAll('=3D', '='));
    if (credential === null) throw refused();
    const nonce = `${clientNonce}${randomBytes(24).toString('base64')}`;
    const reply = `r=${nonce},s=${credential.salt.toString('base64')},i=${credential.iterations}`;
    this.#state = { kind: 'final', credential, nonce, authMessage: `${bare},${reply}` };
    return { payload: Buffer.from(reply), isDone: false };
  }

  /** `c=<channel binding>,r=<nonce>,p=<proof>`. */
  #final(message: string, { credential, authMessage, nonce }: Extract<State, { kind: 'final' }>): ScramStep {
    const { bare, binding, echoed, proof } =
      /^(?<bare>c=(?<binding>[^,]+),r=(?<echoed>[^,]+)),p=(?<proof>[^,]+)$/.exec(message)?.groups ?? {};
    const isForThis = (binding === 'biws' || binding === 'eSws') && echoed === nonce;
    if (bare === undefined || proof === undefined || !isForThis) throw refused();
    const signed = `${authMessage},${bare}`;
    if (!provesPassword(Buffer.from(proof, 'base64'), hmacOf(credential.storedKey, signed), credential))
      throw refused();
    const isDone = this.#options.skipsEmptyExchange;
    this.#state = { kind: isDone ? 'over' : 'empty', credential };
    return { payload: Buffer.from(`v=${hmacOf(credential.serverKey, signed).toString('base64')}`), isDone };
  }
}

/** The proof is the client key XOR the signature; the hash of the client key is what the server stores. */
function provesPassword(proof: Buffer, signature: Buffer, { storedKey }: Credential): boolean {
  if (proof.length !== signature.length) return false;
  const clientKey = proof.map((byte, index) => byte ^ (signature[index] ?? 0));
  return timingSafeEqual(hashOf(clientKey), storedKey);
}
