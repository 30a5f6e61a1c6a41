import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import { unlessLate } from '../runtime/abort.ts';
import type { Service } from '../runtime/service.ts';
import type { Supervisor } from '../runtime/supervisor.ts';
import type { Api } from './api.ts';
import type { Connections } from './connections.ts';
import type { Pipeline } from './pipeline.ts';

export interface StoppedParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly api: Pick<Api, 'close'>;
  readonly supervisor: Pick<Supervisor, 'stop'>;
  readonly services: readonly Service[];
  readonly pipeline: Pick<Pipeline, 'abandon'>;
  readonly connections: Connections;
  readonly signOff: () => Promise<void>;
  /** Time limit of the whole shutdown, milliseconds. */
  readonly stopMsMax: number;
}

/** Of the time limit, what remains for ending the parts again after their connections are broken, and for closing the connections. */
const breakMsMax = 10_000;
const closeMsMax = 4_000;
/** A PostgreSQL that does not answer within this time is not waited for, milliseconds. */
const answerMsMax = 3_000;

/**
 * Stops the engine under one deadline. Parts that wait for PostgreSQL drain while it answers; if it does not, their connections are
 * broken, so that they end with an error instead of waiting. That loses nothing: what was not committed is read again after
 * the next start. Resolves with the names of the parts that did not stop in time.
 */
export async function stopInTime(parts: StoppedParts): Promise<readonly string[]> {
  const { clock, log, api, supervisor, services, pipeline, connections } = parts;
  const endMs = clock.monotonicMs() + parts.stopMsMax;
  const within = (reserveMs: number) => ({ clock, delayMsMax: Math.max(0, endMs - reserveMs - clock.monotonicMs()) });
  const abandon = (reason: string): void => {
    log.warn({ reason }, 'PostgreSQL is not waited for; its connections are broken.');
    pipeline.abandon();
    connections.database.abandon();
  };
  const closing = api.close();
  if (!(await answers(connections, clock))) abandon(`It did not answer within ${answerMsMax} ms.`);
  await unlessLate(closing, within(breakMsMax));
  const names = services.map((service) => service.name);
  let hung = await supervisor.stop(names, within(breakMsMax).delayMsMax);
  if (hung.length > 0) {
    abandon(`${hung.join(', ')} did not stop in time.`);
    hung = await supervisor.stop(hung, within(closeMsMax).delayMsMax);
  }
  if (hung.length === 0) await unlessLate(signOff(parts), within(closeMsMax));
  const closed = await unlessLate(
    connections.close().then(() => true),
    within(0),
  );
  return closed === true ? hung : [...hung, 'connections'];
}

/** A node that cannot say that it stops is silent for the others, which is true. */
async function signOff({ log, signOff: write }: StoppedParts): Promise<void> {
  try {
    await write();
  } catch (error) {
    log.warn({ err: error }, 'This node could not sign off; others see it as silent.');
  }
}

async function answers({ database }: Connections, clock: Clock): Promise<boolean> {
  const answer = database.ping().then(
    () => true,
    () => false,
  );
  return (await unlessLate(answer, { clock, delayMsMax: answerMsMax })) === true;
}
