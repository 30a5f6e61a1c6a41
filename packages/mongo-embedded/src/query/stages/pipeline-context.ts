import type { RawValue } from '@emcachers/bson/raw-value';
import type { Variables } from '../variables.ts';
import type { Documents, Stage } from './stage.ts';

/** The data that a stage can read in addition to its input. */
export interface PipelineContext {
  readonly variables: Variables;
  /** The documents of another collection of the same database, as the command's snapshot sees them; none if it does not exist. */
  documents(collection: string): Documents;
  /** Compiles the stages of a pipeline inside a stage. */
  readonly compile: (stages: readonly RawValue[], context: PipelineContext) => Stage;
}
