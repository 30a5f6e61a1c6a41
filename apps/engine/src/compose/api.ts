import { EmcachersError } from '@emcachers/core/emcachers-error';
import { createApiServer } from '../api/api-server.ts';
import { isLoopback } from '../config/loopback.ts';
import { createMetrics } from '../observability/metrics.ts';
import type { ServiceState } from '../runtime/supervisor.ts';
import type { Control } from './control.ts';
import type { Pipeline } from './pipeline.ts';
import type { Shared } from './shared.ts';

/** The HTTP server. It answers as soon as the engine starts, before any cache is ready. */
export interface Api {
  /** Rejects with EMC-1002, naming ENGINE_PORT, if the port is in use. */
  listen(): Promise<{ readonly url: string; readonly port: number }>;
  /** Ends open streams, then closes the listener. Safe to call twice. */
  close(): Promise<void>;
}

interface ApiParts extends Shared {
  readonly pipeline: Pipeline;
  readonly control: Control;
  readonly serviceStates: () => readonly ServiceState[];
}

export function createApi(parts: ApiParts): Api {
  const { config, clock, log, control, pipeline } = parts;
  const stopping = new AbortController();
  let port = config.port;
  const site = { hosts: config.hosts, isPublic: !isLoopback(config.host), origins: config.consoleOrigins };
  const app = createApiServer({
    services: { ...control, clock, stopping: stopping.signal },
    access: { site: () => ({ ...site, port }), token: config.token },
    metrics: createMetrics({
      fleet: () => control.fleet.latest(),
      ingest: () => pipeline.led().map(({ streamName, ingest }) => ({ streamName, status: ingest.status() })),
      flow: () => pipeline.led().flatMap(({ ingest }) => ingest.flow()),
      liveStreams: () => control.fleet.listenerCount(),
      memoryBytes: () => process.memoryUsage.rss(),
      cpuSeconds: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1_000_000;
      },
    }),
    serviceStates: parts.serviceStates,
    log,
    limits: config.apiLimits,
    hasOperations: config.roles.includes('api'),
  });
  return {
    async listen() {
      const server = await app;
      try {
        const url = await server.listen({ host: config.host, port: config.port });
        port = Number(new URL(url).port);
        return { url, port };
      } catch (error) {
        throw listenError(error, config);
      }
    },
    async close() {
      stopping.abort();
      await (await app).close();
    },
  };
}

function listenError(error: unknown, { host, port }: { host: string; port: number }): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  if (code === 'EADDRINUSE')
    return new EmcachersError({
      code: 'EMC-1002',
      detail: `ENGINE_PORT is ${port}, but another program is listening on ${host}:${port}.`,
      hint: 'Stop that program (perhaps another engine), or set ENGINE_PORT to a free port.',
      cause: error,
    });
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new EmcachersError({
      code: 'EMC-1001',
      detail: `ENGINE_HOST is ${host} and ENGINE_PORT ${port}: the engine cannot listen there (${code}).`,
      cause: error,
    });
  return error;
}
