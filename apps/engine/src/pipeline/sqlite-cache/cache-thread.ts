/** Entry point of a cache thread. SQLite calls block, so they run here and never on the engine's event loop. */
import { parentPort, workerData } from 'node:worker_threads';
import { unreachable } from '@emcachers/core/unreachable';
import { toCacheError } from './cache-error.ts';
import { CacheFile } from './cache-file.ts';
import { CacheShelf } from './cache-shelf.ts';
import type { IndexFailure } from './cache-types.ts';
import { checkStructure } from './check-structure.ts';
import type {
  AnswerMessage,
  CallMessage,
  CheckOptions,
  IndexOptions,
  ShelfCall,
  ThreadOptions,
} from './thread-protocol.ts';

start(workerData);

function start(options: ThreadOptions | CheckOptions | IndexOptions): void {
  const port = parentPort;
  if (port === null) throw new Error('cache-thread.ts must run as a worker thread.');
  if (options.kind === 'check') {
    port.postMessage(answer(0, () => checkStructure(options)));
    return;
  }
  if (options.kind === 'index') {
    port.postMessage(answer(0, () => changeIndexes(options)));
    return;
  }
  const shelf = new CacheShelf(options);
  port.on('message', (message: CallMessage) => {
    port.postMessage(answer(message.id, () => perform(shelf, message.call, message.nowMs)));
    if (message.call.name === 'close') port.close();
  });
}

function changeIndexes({ path, identity, declared }: IndexOptions): IndexFailure[] {
  const file = CacheFile.open(path, identity);
  try {
    return file.changeIndexes(declared);
  } finally {
    file.close();
  }
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
    case 'openServed':
      return shelf.openServed(call.argument, nowMs);
    case 'build':
      return shelf.build(call.argument, nowMs);
    case 'prepare':
      return shelf.prepare(call.argument);
    case 'adopt':
      return shelf.adopt(call.argument, nowMs);
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
    case 'setAside':
      return shelf.setAside(call.argument);
    case 'resume':
      return shelf.resume(call.argument, nowMs);
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
