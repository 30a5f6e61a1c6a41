/**
 * A logical session of its own with a random id, on its own connection, for commands that carry their own txnNumber:
 * the driver would reuse a session whose numbers have been counted up by other writes.
 */
import { type Document, UUID } from 'mongodb';
import { WireClient } from './wire-client.ts';

export class RawSession implements AsyncDisposable {
  private readonly lsid = { id: new UUID() };
  private readonly wire: WireClient;

  private constructor(wire: WireClient) {
    this.wire = wire;
  }

  static async open(url: string): Promise<RawSession> {
    return new RawSession(await WireClient.connect(url));
  }

  /** The reply, also where it is an error (`ok: 0`). */
  async send(database: string, command: Document): Promise<Document> {
    return this.wire.command(database, { ...command, lsid: this.lsid });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.wire.command('admin', { endSessions: [this.lsid] });
    await this.wire[Symbol.asyncDispose]();
  }
}
