import { eventually } from './api-client.ts';
import type { EngineProcess } from './engine-process.ts';

/** Halts an engine that was started with `NODE_OPTIONS=--inspect=127.0.0.1:0`, as a breakpoint does. Returns what resumes it. */
export async function pauseByDebugger(running: EngineProcess): Promise<() => Promise<void>> {
  const url = await eventually(async () => /ws:\/\/\S+/.exec(running.log())?.[0] ?? null, 'the inspector to listen');
  const socket = new WebSocket(url);
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve, { once: true });
    socket.addEventListener('error', reject, { once: true });
  });
  const paused = new Promise<void>((resolve) => {
    socket.addEventListener('message', ({ data }) => {
      if (String(data).includes('Debugger.paused')) resolve();
    });
  });
  const send = (id: number, method: string): void => socket.send(JSON.stringify({ id, method }));
  send(1, 'Debugger.enable');
  send(2, 'Debugger.pause');
  await paused;
  return async () => {
    const closed = new Promise((resolve) => {
      socket.addEventListener('close', resolve, { once: true });
    });
    send(3, 'Debugger.resume');
    send(4, 'Debugger.disable');
    socket.close();
    await closed;
  };
}
