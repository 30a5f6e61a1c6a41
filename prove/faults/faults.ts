import type { Fault } from './fault.ts';
import { answerFaults, networkFaults } from './network-faults.ts';
import { processFaults } from './process-faults.ts';
import { serverFaults } from './server-faults.ts';

/** Every kind of fault that a run may meet. */
export const faults: readonly Fault[] = [...processFaults, ...networkFaults, ...answerFaults, ...serverFaults];
