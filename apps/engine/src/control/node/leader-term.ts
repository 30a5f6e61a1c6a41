import { linkedAbort, onAbort, untilAborted } from '../../runtime/abort.ts';
import { isDeposed } from '../../runtime/is-deposed.ts';
import type { Service } from '../../runtime/service.ts';
import { createSupervisor, type SupervisorDependencies, type SupervisorOptions } from '../../runtime/supervisor.ts';
import type { Leader, Term } from './leader.ts';

/**
 * Runs the services of one term of leadership until the node loses leadership or the engine stops. Each service is restarted
 * separately if it fails. A refused epoch (EMC-3002) in any service ends the whole term, because another node leads.
 */
export interface LeaderTermDependencies extends SupervisorDependencies {
  /** Of the service. */
  readonly name: string;
  readonly leader: Leader;
  readonly open: (epoch: number) => TermParts;
  readonly supervision?: SupervisorOptions;
}

/** What exists only while this node leads. */
export interface TermParts {
  /** In flow order. They stop in this order, so that nothing is produced for a stopped consumer. */
  readonly services: readonly Service[];
  /** Breaks the term's connections: what is under way fails at once instead of waiting for a server that may not answer. */
  abandon(): void;
  /** Called after the services have ended. */
  close(): Promise<void>;
}

/** Time limit for stopping the services, milliseconds: below the engine's, and enough for one large commit. */
const drainMsMax = 20_000;

export function createLeaderTerm(dependencies: LeaderTermDependencies): Service {
  return {
    name: dependencies.name,
    run: (signal) => dependencies.leader.run((term) => lead(dependencies, term), signal),
  };
}

async function lead(
  { name: _, leader: __, open, supervision, ...supervising }: LeaderTermDependencies,
  term: Term,
): Promise<void> {
  const { log } = supervising;
  const { epoch } = term;
  log.info({ epoch }, 'This node is now the leader.');
  const parts = open(epoch);
  using deposed = linkedAbort(term.lost);
  using _abandoning = onAbort(deposed.signal, () => parts.abandon());
  using ending = linkedAbort(deposed.signal, term.signal);
  const onFault = (fault: unknown): void => {
    if (isDeposed(fault)) deposed.abort();
  };
  const supervisor = createSupervisor({ ...supervising, onFault }, supervision);
  for (const service of parts.services) supervisor.start(service);
  await untilAborted(ending.signal);
  const names = parts.services.map((service) => service.name);
  const hung = await supervisor.stop(names, drainMsMax);
  if (hung.length > 0) parts.abandon();
  await parts.close();
  log.info({ epoch, hung }, 'This node is no longer the leader.');
}
