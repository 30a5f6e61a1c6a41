/** Entry point of a cache thread. SQLite calls block, so they run here and never on the engine's event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { unreachable } from '@emcachers/core/unreachable';
import { toCacheError } from './cache-error.ts';
import { CacheShelf } from './cache-shelf.ts';
import { checkStructure } from './check-structure.ts';
import type { AnswerMessage, CallMessage, CheckOptions, ShelfCall, ThreadOptions } from './thread-protocol.ts';

start(workerData);

function start(options: ThreadOptions | CheckOptions): void {
  const port = parentPort;
  if (port === null) throw new Error('cache-thread.ts must run as a worker thread.');
  if (options.kind === 'check') {
    port.postMessage(answer(0, () => checkStructure(options)));
    return;
  }
  const shelf = new CacheShelf(options);
  port.on('message', (message: CallMessage) => {
    port.postMessage(answer(message.id, () => perform(shelf, message.call, message.nowMs)));
    if (message.call.name === 'close') port.close();
  });
}

function answer(id: number, action: () => unknown): AnswerMessage {
  try {
    return { id, kind: 'value', value: action() };
  } catch (error) {
    const { code, detail } = toCacheError(error, 'cache');
    return { id, kind: 'error', code, detail };
  }
}

function perform(shelf: CacheShelf, call: ShelfCall, nowMs: number): unknown {
  switch (call.name) {
    case 'open':
      return shelf.open(call.argument, nowMs);
    case 'build':
      return shelf.build(call.argument, nowMs);
    case 'apply':
      return shelf.apply(call.argument, nowMs);
    case 'publish':
      return shelf.publish(call.argument, nowMs);
    case 'compare':
      return shelf.compare(call.argument);
    case 'count':
      return shelf.count(call.argument);
    case 'mend':
      return shelf.mend(call.argument, nowMs);
    case 'release':
      return shelf.release(call.argument);
    case 'tend':
      return shelf.tend(nowMs);
    case 'remove':
      return shelf.remove(call.argument);
    case 'removeOthers':
      return shelf.removeOthers(call.argument);
    case 'close':
      return shelf.close();
    default:
      return unreachable(call);
  }
}
