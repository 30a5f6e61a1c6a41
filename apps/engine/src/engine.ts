import type { Clock } from '@emcachers/core/clock';
import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Log } from '@emcachers/core/log';
import { createApi } from './compose/api.ts';
import { openConnections } from './compose/connections.ts';
import { createControl } from './compose/control.ts';
import { createPipeline } from './compose/pipeline.ts';
import type { Config } from './config/config.ts';
import { nodeName } from './control/node/node-name.ts';
import { createSupervisor } from './runtime/supervisor.ts';

/**
 * The composition root: its statements stand in flow order, from MongoDB to the reader. It owns nothing but the order in
 * which parts begin and end. Stopping goes with the flow too: first nobody may ask any more, then the source stops and
 * drains into the oplog, then the caches close, and the connections go last, so that nothing is saved for what was not
 * drained.
 */
export interface Engine {
  readonly url: string;
  readonly port: number;
  /** Resolves with a fault that no restart of a part can cure, for example a data directory that another engine holds. */
  readonly fatal: Promise<EmcachersError>;
  /** Drains and closes; answers with the names of parts that did not end in time. */
  stop(): Promise<readonly string[]>;
}

export interface EngineDependencies {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Ends the wait for servers at the start. */
  readonly signal: AbortSignal;
}

/** The whole shutdown, milliseconds; what orchestrators commonly grant before they kill. */
const stopMsMax = 28_000;

export async function startEngine(dependencies: EngineDependencies): Promise<Engine> {
  const { config, clock, log, random } = dependencies;
  const connections = await openConnections(dependencies);
  const nodeId = nodeName(config.dataDir, config.nodeId);
  const fatal = Promise.withResolvers<EmcachersError>();
  const onFault = (fault: unknown): void => {
    if (fault instanceof EmcachersError && isFatal(fault)) fatal.resolve(fault);
  };
  const supervisor = createSupervisor({ clock, log, random, onFault });
  const shared = { config, clock, log, random, nodeId, ...connections };
  const pipeline = createPipeline(shared);
  const control = createControl({ ...shared, pipeline });
  const api = createApi({ ...shared, pipeline, control, serviceStates: () => supervisor.states() });
  try {
    const address = await api.listen();
    await control.register();
    const services = [...pipeline.services, ...control.services];
    for (const service of services) supervisor.start(service);
    log.info({ nodeId, roles: config.roles, url: address.url }, 'The engine runs.');
    return {
      ...address,
      fatal: fatal.promise,
      async stop() {
        await api.close();
        const names = services.map((service) => service.name);
        const hung = await supervisor.stop(names, stopMsMax);
        await connections.close();
        return hung;
      },
    };
  } catch (error) {
    await api.close();
    await connections.close();
    throw error;
  }
}

/** Faults of the start that a restart of the part meets again: 1xxx, configuration and machine. */
function isFatal(fault: EmcachersError): boolean {
  return fault.code.startsWith('EMC-1');
}
