import type { Cluster } from '../cluster/cluster.ts';
import type { EngineNode } from '../cluster/engine-node.ts';
import type { Dice } from '../workload/dice.ts';

/** Where and how a fault strikes. */
export interface Target {
  readonly cluster: Cluster;
  readonly node: EngineNode;
  readonly dice: Dice;
  /** Waits, at most until the round ends. */
  readonly pause: (delayMs: number) => Promise<void>;
}

/** A fault with its own end: when it resolves, nothing of it is left. Its name is a row of the report. */
export interface Fault {
  readonly name: string;
  readonly weight: number;
  /** False if it did not come about, for example because the point was not reached. */
  readonly strike: (target: Target) => Promise<boolean>;
}
