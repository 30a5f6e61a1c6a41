import { setTimeout as delay } from 'node:timers/promises';
import type { Document } from 'mongodb';
import { WireClient } from '../../contract/wire-client.ts';
import type { SeededRandom } from '../seeded-random.ts';

const codes = [189, 91, 43, 11602, 112, 251, 50, 280];
const commands = [
  'aggregate',
  'getMore',
  'find',
  'insert',
  'update',
  'delete',
  'bulkWrite',
  'commitTransaction',
  'abortTransaction',
  'endSessions',
  'killCursors',
];

/** Sets fail points one after the other, on a connection that none of them affects. */
export class FailPointActor {
  readonly #url: string;
  readonly #random: SeededRandom;

  constructor(url: string, random: SeededRandom) {
    this.#url = url;
    this.#random = random;
  }

  async run(signal: AbortSignal): Promise<void> {
    await using wire = await WireClient.connect(this.#url);
    while (!signal.aborted) {
      await wire.command('admin', this.#failPoint());
      await delay(20 + this.#random.below(200));
      if (this.#random.chance(3)) await delay(this.#random.below(500));
    }
    for (const name of ['failCommand', 'failGetMoreAfterCursorCheckout', 'onPrimaryTransactionalWrite']) {
      await wire.command('admin', { configureFailPoint: name, mode: 'off' });
    }
  }

  #failPoint(): Document {
    const random = this.#random;
    const mode = random.pick([
      { times: 1 + random.below(5) },
      { skip: random.below(5) },
      { activationProbability: 0.05 + random.below(4) / 10 },
      'off',
    ]);
    if (random.chance(5)) {
      const data = { errorCode: random.pick(codes), closeConnection: random.chance(4) };
      return { configureFailPoint: 'failGetMoreAfterCursorCheckout', mode, data };
    }
    if (random.chance(6)) {
      const data = random.chance(2) ? { failBeforeCommitExceptionCode: random.pick(codes) } : {};
      return { configureFailPoint: 'onPrimaryTransactionalWrite', mode: { times: 1 + random.below(3) }, data };
    }
    const failCommands = Array.from({ length: 1 + random.below(3) }, () => random.pick(commands));
    const effect = random.pick([
      { errorCode: random.pick(codes) },
      { errorCode: random.pick(codes) },
      { closeConnection: true },
      { blockConnection: true, blockTimeMS: 1 + random.below(300) },
      { blockConnection: true, blockTimeMS: 1 + random.below(50), errorCode: random.pick(codes) },
      { writeConcernError: { code: random.pick(codes), errmsg: 'chaos' } },
    ]);
    return { configureFailPoint: 'failCommand', mode, data: { failCommands, ...effect } };
  }
}
