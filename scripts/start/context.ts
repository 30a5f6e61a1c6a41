import type { Progress } from './progress.ts';
import type { StartSettings } from './settings.ts';

/** What every step of the start needs. */
export interface StartContext {
  readonly root: string;
  readonly settings: StartSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly logDir: string;
  /** Module that ends a child when this process vanishes, as a file URL for `--import`. */
  readonly exitWithParent: string;
  readonly progress: Progress;
}
