/**
 * Has this node compete for the lead of every stream, each in a service of its own: streams come with their first entity and go
 * with their last one. Keeps I10: what ends in one stream does not end another's term. If the streams cannot be listed, the known
 * ones go on. Worst case: a new stream is led a few seconds late.
 */
import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { StreamRecord } from '@emcachers/db/control/streams';
import type { Service } from '../../runtime/service.ts';
import {
  createSupervisor,
  type ServiceState,
  type Supervisor,
  type SupervisorDependencies,
  type SupervisorOptions,
} from '../../runtime/supervisor.ts';
import { Wakeup } from '../../runtime/wakeup.ts';

export interface StreamLeadersDependencies extends SupervisorDependencies {
  readonly clock: Clock;
  readonly log: Log;
  /** The streams that are to be led. */
  readonly streams: () => Promise<readonly StreamRecord[]>;
  /** Always led, also before the streams were listed. */
  readonly defaultStream: StreamRecord;
  /** The service that competes for the lead of a stream and leads it. */
  readonly leaderOf: (stream: StreamRecord) => Service;
  readonly supervision?: SupervisorOptions;
}

export interface StreamLeaders extends Service {
  /** Streams may have come or gone. */
  wake(): void;
  states(): readonly ServiceState[];
}

/** How often the streams are listed without a hint, milliseconds. */
const pollMs = 5_000;
/** The engine has a shorter limit for its shutdown, after which it breaks the connections. */
const endMsMax = 60_000;

interface Competing {
  readonly service: Service;
  readonly supervisor: Supervisor;
}

export function createStreamLeaders(dependencies: StreamLeadersDependencies): StreamLeaders {
  const { clock, log, streams, defaultStream, leaderOf } = dependencies;
  const wakeup = new Wakeup(clock);
  const competing = new Map<number, Competing>();
  const start = (stream: StreamRecord): void => {
    const service = leaderOf(stream);
    const supervisor = createSupervisor(dependencies, dependencies.supervision);
    competing.set(stream.streamId, { service, supervisor });
    supervisor.start(service);
  };
  const end = async (streamId: number): Promise<void> => {
    const ended = competing.get(streamId);
    await ended?.supervisor.stop([ended.service.name], endMsMax);
    competing.delete(streamId);
  };
  const reconcile = async (): Promise<void> => {
    const listed = new Map((await streams()).map((stream) => [stream.streamId, stream]));
    for (const [streamId, stream] of listed) if (!competing.has(streamId)) start(stream);
    await Promise.all([...competing.keys()].filter((streamId) => !listed.has(streamId)).map(end));
  };
  return {
    name: 'leaders',
    wake: () => wakeup.wake(),
    states: () => [...competing.values()].flatMap(({ supervisor }) => supervisor.states()),
    async run(signal) {
      start(defaultStream);
      while (!signal.aborted) {
        await reconcile().catch((error: unknown) => {
          log.debug({ err: error }, 'The streams could not be listed; trying again.');
        });
        await wakeup.wait(pollMs, signal);
      }
      await Promise.all([...competing.keys()].map(end));
    },
  };
}
