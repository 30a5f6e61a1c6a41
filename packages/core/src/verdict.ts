import type { Health } from './api-views.ts';

/** What `deriveStatus` says of one thing: an entity, the capture, the caches of an entity. */
export interface Verdict {
  readonly health: Health;
  /** One sentence when health is not ok, else null. */
  readonly reason: string | null;
}
