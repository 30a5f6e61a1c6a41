import type { Health } from './api-views.ts';

/** The result of `deriveStatus` for one subject: an entity, the capture, or the caches of an entity. */
export interface Verdict {
  readonly health: Health;
  /** One sentence when health is not ok, else null. */
  readonly reason: string | null;
}
