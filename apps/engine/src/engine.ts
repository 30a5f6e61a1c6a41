import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { createApi } from './compose/api.ts';
import { openConnections } from './compose/connections.ts';
import { createControl } from './compose/control.ts';
import { createPipeline } from './compose/pipeline.ts';
import type { Shared } from './compose/shared.ts';
import { stopInTime } from './compose/stop-in-time.ts';
import type { Config } from './config/config.ts';
import { nodeName } from './control/node/node-name.ts';
import { createOutageWatch } from './control/node/outage-watch.ts';
import type { Service } from './runtime/service.ts';
import { createSupervisor } from './runtime/supervisor.ts';

/**
 * The composition root. It creates the parts in flow order, from MongoDB to the reader, and owns only the order in which they
 * start and stop. Shutdown follows the flow too: the API stops first, then the source stops and drains into the oplog, then the
 * caches close, and the connections close last, so that no position is saved for undrained entries.
 */
export interface Engine {
  readonly url: string;
  readonly port: number;
  /** Resolves with an error that restarting a part cannot fix, for example a data directory that another engine holds. */
  readonly fatal: Promise<EmcachersError>;
  /** Drains and closes. Resolves with the names of parts that did not stop in time. */
  stop(): Promise<readonly string[]>;
}

export interface EngineDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Ends the wait for servers at startup. */
  readonly signal: AbortSignal;
}

export async function startEngine(dependencies: EngineDependencies): Promise<Engine> {
  const { config, clock, random } = dependencies;
  const connections = await openConnections(dependencies);
  const nodeId = nodeName(config.dataDir, config.nodeId, dependencies.log);
  // Lines of several nodes are often read together.
  const log = dependencies.log.child({ nodeId });
  const fatal = Promise.withResolvers<EmcachersError>();
  const onFault = (fault: unknown): void => {
    if (fault instanceof EmcachersError && isFatal(fault)) fatal.resolve(fault);
  };
  const supervisor = createSupervisor({ clock, log, random, onFault }, config.supervision);
  const shared = { config, clock, log, random, nodeId, ...connections };
  const pipeline = createPipeline({ ...shared, onFault });
  const control = createControl({ ...shared, pipeline });
  const api = createApi({
    ...shared,
    pipeline,
    control,
    serviceStates: () => [...supervisor.states(), ...pipeline.leaderStates()],
  });
  try {
    const address = await api.listen();
    await control.register();
    const services = [
      ...pipeline.services,
      ...control.services,
      ...outageWatchOf(shared, (error) => fatal.resolve(error)),
    ];
    for (const service of services) supervisor.start(service);
    log.info({ roles: config.roles, url: address.url }, 'Engine started.');
    return {
      ...address,
      fatal: fatal.promise,
      stop: () =>
        stopInTime({
          ...{ clock, log, api, supervisor, services, pipeline, connections },
          signOff: control.signOff,
          stopMsMax: config.pace.stopMsMax,
        }),
    };
  } catch (error) {
    await api.close();
    await connections.close();
    throw error;
  }
}

/** Only if the operator has set a limit. */
function outageWatchOf(
  { config, clock, database, source }: Shared,
  onOutage: (error: EmcachersError) => void,
): readonly Service[] {
  const { failAfterMs } = config;
  if (failAfterMs === null) return [];
  const postgres = { variable: 'DATABASE_URL', code: 'EMC-3001', check: () => database.ping() } as const;
  const mongo = { variable: 'MONGO_URL', code: 'EMC-2001', check: () => source.describe() } as const;
  const servers = config.roles.includes('ingest') ? [postgres, mongo] : [postgres];
  return [createOutageWatch({ clock, failAfterMs, servers, onOutage })];
}

/** True for 1xxx errors (configuration and machine), which recur after every restart of a part. */
function isFatal(fault: EmcachersError): boolean {
  return fault.code.startsWith('EMC-1');
}
