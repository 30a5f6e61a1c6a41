import type { Clock } from '@emcachers/core/clock';
import type { Log } from '@emcachers/core/log';
import type { Config } from '../config/config.ts';
import type { Connections } from './connections.ts';

/** Dependencies that every part of the composition shares. */
export interface Shared extends Connections {
  readonly config: Config;
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly nodeId: string;
}
