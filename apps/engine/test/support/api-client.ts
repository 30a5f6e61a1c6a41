import type { EntityView, JobView } from '@emcachers/core/api-views';
import type { NewEntity } from '@emcachers/core/new-entity';
import { routeNameOf } from '../../src/api/operations/action-operations.ts';
import type { JobKindName } from '../../src/control/job/job-kinds.ts';

/** The REST API as an operator's script would use it. */
export class ApiClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async request(
    method: string,
    path: string,
    { body, headers = {} }: { readonly body?: unknown; readonly headers?: Record<string, string> } = {},
  ): Promise<Response> {
    if (body === undefined) return fetch(`${this.url}${path}`, { method, headers });
    const withType = { 'content-type': 'application/json', ...headers };
    return fetch(`${this.url}${path}`, { method, headers: withType, body: JSON.stringify(body) });
  }

  async create(shape: NewEntity): Promise<EntityView> {
    return this.#expect(201, await this.request('POST', '/api/v1/entities', { body: shape }));
  }

  async entity(name: string): Promise<EntityView> {
    return this.#expect(200, await this.request('GET', `/api/v1/entities/${name}`));
  }

  /** Starts the job and waits for its end; a failed job is a failed test. */
  async job(name: string, kind: Exclude<JobKindName, 'delete'>, input: object = {}): Promise<JobView> {
    return this.finished(await this.request('POST', `/api/v1/entities/${name}/${routeNameOf(kind)}`, { body: input }));
  }

  async remove(name: string): Promise<JobView> {
    return this.finished(await this.request('DELETE', `/api/v1/entities/${name}`));
  }

  async finished(started: Response): Promise<JobView> {
    const { jobId } = await this.#expect<{ jobId: string }>(202, started);
    const job = await eventually(async () => {
      const view = await this.#expect<JobView>(200, await this.request('GET', `/api/v1/jobs/${jobId}`));
      return view.status === 'queued' || view.status === 'running' ? null : view;
    }, `job ${jobId} to end`);
    if (job.status !== 'succeeded') throw new Error(`The job ${job.kind} ${job.status}: ${job.message ?? ''}`);
    return job;
  }

  /** Until the entity is live and this node's cache is level with the oplog. */
  async untilLive(name: string): Promise<EntityView> {
    return eventually(async () => {
      const view = await this.entity(name);
      const isLevel = view.lagEntries === 0 && view.nodes.length > 0 && view.cachePath !== null;
      return view.activity === 'live' && isLevel ? view : null;
    }, `${name} to be live and level`);
  }

  /**
   * Until the fleet is well in a reading that began after this call. What an outage leaves is the newest reading, which may
   * be older than an answer about one entity.
   */
  async untilWell(): Promise<void> {
    await eventually(async () => {
      const { health } = await this.#expect<{ health: string }>(200, await this.request('GET', '/api/v1/fleet'));
      return health === 'ok' ? true : null;
    }, 'the fleet to be well');
  }

  async #expect<Body>(status: number, response: Response): Promise<Body> {
    const text = await response.text();
    if (response.status !== status) throw new Error(`${response.url} answered ${response.status}: ${text}`);
    return JSON.parse(text) as Body;
  }
}

const waitMsMax = 45_000;

/** Looks again until the answer is not null; the last error, if any, is told when the time is over. */
export async function eventually<Answer>(look: () => Promise<Answer | null>, what: string): Promise<Answer> {
  const endMs = performance.now() + waitMsMax;
  let lastError: unknown;
  while (performance.now() < endMs) {
    try {
      const answer = await look();
      if (answer !== null) return answer;
      lastError = undefined;
    } catch (error) {
      lastError = error;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Waited ${waitMsMax / 1_000} s for ${what}.`, { cause: lastError });
}
