import { setTimeout as delay } from 'node:timers/promises';
import { WireClient } from '../../contract/wire-client.ts';
import type { ServerProcess } from '../server-process.ts';
import type { ChaosReport } from './chaos-report.ts';

/** Longest wait for a ping that counts as alive, on a machine that is busy with other tests. */
const pingMsMax = 15_000;
const residentBytesMax = 1_500_000_000;
const everyMs = 100;

/** Pings the server on a connection of its own and weighs it; ends the run at the first finding. */
export class Watchdog {
  readonly #server: ServerProcess;
  readonly #report: ChaosReport;
  readonly #stop: AbortController;

  constructor(parts: { readonly server: ServerProcess; readonly report: ChaosReport; readonly stop: AbortController }) {
    this.#server = parts.server;
    this.#report = parts.report;
    this.#stop = parts.stop;
  }

  async run(): Promise<void> {
    try {
      await using wire = await WireClient.connect(this.#server.url);
      while (!this.#stop.signal.aborted) {
        await this.#ping(wire);
        await this.#weigh();
        await delay(everyMs);
      }
    } catch (error) {
      this.#find(`the watchdog lost the server: ${String(error)}`);
    }
  }

  async #ping(wire: WireClient): Promise<void> {
    const startedMs = performance.now();
    const answered = wire.command('admin', { ping: 1 }).then(() => true);
    const isAnswered = await Promise.race([answered, delay(pingMsMax, false)]);
    this.#report.pings += 1;
    this.#report.pingMsMax = Math.max(this.#report.pingMsMax, Math.round(performance.now() - startedMs));
    if (!isAnswered) this.#find(`a ping was not answered within ${pingMsMax} ms`);
  }

  async #weigh(): Promise<void> {
    if (!this.#server.isRunning()) return this.#find('the server ended by itself');
    const bytes = await this.#server.residentBytes();
    this.#report.residentBytesMax = Math.max(this.#report.residentBytesMax, bytes);
    if (bytes > residentBytesMax) this.#find(`the server uses ${bytes} bytes of memory`);
  }

  #find(finding: string): void {
    if (!this.#report.findings.includes(finding)) this.#report.findings.push(finding);
    this.#stop.abort();
  }
}
