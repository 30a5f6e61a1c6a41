import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A TCP proxy on loopback in front of a server, with the faults of a network. */
export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** Breaks every connection and refuses new ones. */
  cut(): void;
  /** Connections stay open but nothing passes, in either direction; what is sent meanwhile arrives after `restore`. */
  blackHole(): void;
  /** Every chunk is passed on this much later. */
  delay(delayMs: number): void;
  /**
   * Waits for the next chunk from a client that contains the text, and stops that connection's direction to the server there:
   * the chunk and all after it are held until `restore`.
   */
  holdAt(text: string): Promise<void>;
  /**
   * Waits for the next chunk from a client that contains the text, passes it on, and breaks that connection when the server
   * answers: what was asked has happened, but the client does not learn it.
   */
  loseAnswerTo(text: string): Promise<void>;
  restore(): void;
}

interface Faults {
  isCut: boolean;
  delayMs: number;
  /** Resolved while chunks pass. */
  open: PromiseWithResolvers<void>;
  watched: Watched | null;
}

interface Watched {
  readonly text: string;
  readonly reached: () => void;
  readonly outcome: 'hold' | 'lose-answer';
}

/** `targetPort` on 127.0.0.1. */
export async function faultProxy(targetPort: number): Promise<FaultProxy> {
  const sockets = new Set<Socket>();
  const faults: Faults = { isCut: false, delayMs: 0, open: Promise.withResolvers(), watched: null };
  faults.open.resolve();
  let held = Promise.withResolvers<void>();
  const keep = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => socket.destroy());
  };
  const server = createServer((inbound) => {
    if (faults.isCut) {
      inbound.destroy();
      return;
    }
    const outbound = connect(targetPort, '127.0.0.1');
    keep(inbound);
    keep(outbound);
    join(inbound, outbound, { faults, held: () => held.promise });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const restore = (): void => {
    faults.isCut = false;
    faults.delayMs = 0;
    faults.watched = null;
    faults.open.resolve();
    held.resolve();
    held = Promise.withResolvers();
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    cut() {
      faults.isCut = true;
      destroyAll();
    },
    blackHole() {
      faults.open = Promise.withResolvers();
    },
    delay(delayMs) {
      faults.delayMs = delayMs;
    },
    holdAt: (text) =>
      new Promise((reached) => {
        faults.watched = { text, reached, outcome: 'hold' };
      }),
    loseAnswerTo: (text) =>
      new Promise((reached) => {
        faults.watched = { text, reached, outcome: 'lose-answer' };
      }),
    restore,
    async [Symbol.asyncDispose]() {
      restore();
      destroyAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** `held` resolves at the next `restore`. */
function join(
  inbound: Socket,
  outbound: Socket,
  between: { readonly faults: Faults; held: () => Promise<void> },
): void {
  const { faults } = between;
  let lost: Watched | null = null;
  relay(inbound, outbound, async (chunk) => {
    const { watched } = faults;
    if (watched !== null && chunk.includes(watched.text)) {
      faults.watched = null;
      if (watched.outcome === 'lose-answer') lost = watched;
      else {
        watched.reached();
        await between.held();
      }
    }
    await pass(faults);
  });
  relay(outbound, inbound, async () => {
    await pass(faults);
    if (lost === null) return;
    inbound.destroy();
    outbound.destroy();
    lost.reached();
  });
}

async function pass(faults: Faults): Promise<void> {
  await faults.open.promise;
  if (faults.delayMs > 0) await sleep(faults.delayMs);
}

/** Chunks keep their order, and the end comes after them. */
function relay(from: Socket, to: Socket, passage: (chunk: Buffer) => Promise<void>): void {
  let previous = Promise.resolve();
  const next = (step: () => void, before: () => Promise<void>): void => {
    previous = previous.then(before).then(step);
  };
  from.on('data', (chunk) => {
    next(
      () => to.destroyed || to.write(chunk),
      () => passage(chunk),
    );
  });
  from.on('close', () => {
    next(
      () => to.destroy(),
      async () => undefined,
    );
  });
}
