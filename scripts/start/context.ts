import type { Progress } from './progress.ts';
import type { StartSettings } from './settings.ts';

/** Shared by every startup step. */
export interface StartContext {
  readonly root: string;
  readonly settings: StartSettings;
  readonly env: NodeJS.ProcessEnv;
  readonly logDir: string;
  /** Module that ends a child if this process dies, as a file URL for `--import`. */
  readonly exitWithParent: string;
  readonly progress: Progress;
}
