import { EmcachersError } from '@emcachers/core/emcachers-error';
import type { Asker } from '@emcachers/db/control/audit';

/** What an operator does with nodes. */
export interface NodeControl {
  /** Removes a node that is gone for good, with its reports. Does nothing if there is none. Throws EMC-5004 if it is running. */
  forget(nodeId: string, asker: Asker): Promise<void>;
}

export interface NodeControlDependencies {
  /** False if the node is running. */
  readonly forget: (nodeId: string, asker: Asker) => Promise<boolean>;
}

export function createNodeControl({ forget }: NodeControlDependencies): NodeControl {
  return {
    async forget(nodeId, asker) {
      if (await forget(nodeId, asker)) return;
      throw new EmcachersError({
        code: 'EMC-5004',
        detail: `The node ${nodeId} is running: it reported less than 10 s ago.`,
        hint: 'Stop the node first. A node that was killed can be forgotten after 10 s.',
      });
    },
  };
}
