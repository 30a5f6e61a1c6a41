import type { ApiClient } from '../../apps/engine/test/support/api-client.ts';
import { type EngineProcess, startEngineProcess } from '../../apps/engine/test/support/engine-process.ts';
import { type FaultProxy, faultProxy } from '../../apps/engine/test/support/fault-proxy.ts';
import { maskKey } from '../oracle/mask.ts';
import { wrongEnd } from './engine-end.ts';

/** One engine in a process of its own, with a proxy between it and each of the two databases. */
export interface EngineNode extends AsyncDisposable {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly postgres: FaultProxy;
  readonly mongo: FaultProxy;
  /** Null while it is not running. */
  readonly process: EngineProcess | null;
  /** Null until it listens. */
  readonly api: ApiClient | null;
  /** How often it was started. */
  readonly starts: number;
  /** Ends that neither a request nor a fault explains; see `engine-end.ts`. */
  readonly wrongEnds: readonly string[];
  /** What every process of this node has logged, the newest at the end. */
  log(): string;
  /** Starts it if it is not running. `crashAt` ends the process at a named point; see `crash-points.ts`. */
  start(crashAt?: string): void;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code, null if a signal ended it. */
  stop(): Promise<number | null>;
  ready(): Promise<ApiClient>;
}

type EndSignal = 'SIGKILL' | 'SIGTERM';

export interface NodePlace {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly mongoUrl: string;
  readonly databaseUrl: string;
  readonly roles: string;
}

const crashPoints = new URL('./crash-points.ts', import.meta.url).href;

export async function createNode(place: NodePlace): Promise<EngineNode> {
  const postgres = await faultProxy(Number(new URL(place.databaseUrl).port));
  const mongo = await faultProxy(Number(new URL(place.mongoUrl.replace(/^mongodb:/, 'http:')).port));
  return new OneNode(place, postgres, mongo);
}

class OneNode implements EngineNode {
  readonly nodeId: string;
  readonly dataDir: string;
  readonly postgres: FaultProxy;
  readonly mongo: FaultProxy;
  readonly #place: NodePlace;
  process: EngineProcess | null = null;
  api: ApiClient | null = null;
  starts = 0;
  readonly wrongEnds: string[] = [];
  /** Signals that were sent to end the process that runs. */
  #asked = new Set<EndSignal>();
  #log = '';

  constructor(place: NodePlace, postgres: FaultProxy, mongo: FaultProxy) {
    this.nodeId = place.nodeId;
    this.dataDir = place.dataDir;
    this.#place = place;
    this.postgres = postgres;
    this.mongo = mongo;
  }

  log(): string {
    return `${this.#log}${this.process?.log() ?? ''}`;
  }

  start(crashAt = ''): void {
    if (this.process !== null) return;
    this.starts += 1;
    const process = startEngineProcess(this.#environment(crashAt));
    const asked = new Set<EndSignal>();
    let wasReady = false;
    this.process = process;
    this.#asked = asked;
    process.ready.then(
      (api) => {
        wasReady = true;
        if (this.process === process) this.api = api;
      },
      () => undefined,
    );
    void process.ended.then((end) => {
      this.#log = `${this.#log}${end.words}`.slice(-400_000);
      const wrong = wrongEnd({ ...end, asked, wasReady, mayCrash: crashAt !== '' });
      if (wrong !== null) this.wrongEnds.push(`${this.nodeId}: ${wrong}`);
      if (this.process !== process) return;
      this.process = null;
      this.api = null;
    });
  }

  #environment(crashAt: string): Record<string, string> {
    const { nodeId, dataDir, mongoUrl, databaseUrl, roles } = this.#place;
    const postgres = new URL(databaseUrl);
    postgres.host = `127.0.0.1:${this.postgres.port}`;
    const mongo = new URL(mongoUrl.replace(/^mongodb:/, 'http:'));
    const crash = crashAt === '' ? {} : { EMCACHERS_PROVE_CRASH_AT: crashAt, NODE_OPTIONS: `--import=${crashPoints}` };
    return {
      MONGO_URL: `mongodb://127.0.0.1:${this.mongo.port}/${mongo.search === '' ? '?directConnection=true' : mongo.search}`,
      DATABASE_URL: postgres.href,
      EMCACHERS_DATA_DIR: dataDir,
      EMCACHERS_NODE_ID: nodeId,
      EMCACHERS_ROLES: roles,
      ENGINE_PORT: '0',
      LOG_LEVEL: 'info',
      EMCACHERS_SOURCE_CHECK_SECONDS: '2',
      EMCACHERS_COMPACTION_SECONDS: '1',
      EMCACHERS_COMPACTION_ENTRIES_MIN: '300',
      EMCACHERS_TOMBSTONE_HOURS: '0',
      EMCACHERS_CACHE_GRACE_SECONDS: '2',
      EMCACHERS_MASK_KEY: maskKey,
      ...crash,
    };
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  async stop(): Promise<number | null> {
    return this.#end('SIGTERM');
  }

  /** A second SIGTERM would ask it to end without a drain. */
  async #end(signal: EndSignal): Promise<number | null> {
    const { process } = this;
    if (process === null) return null;
    if (signal === 'SIGKILL' || !this.#asked.has(signal)) process.child.kill(signal);
    this.#asked.add(signal);
    const { code } = await process.ended;
    return code;
  }

  async ready(): Promise<ApiClient> {
    if (this.process === null) throw new Error(`${this.nodeId} is not running.\n${this.log().slice(-2_000)}`);
    return this.process.ready;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.process?.child.kill('SIGCONT');
    await this.kill();
    await this.postgres[Symbol.asyncDispose]();
    await this.mongo[Symbol.asyncDispose]();
  }
}
