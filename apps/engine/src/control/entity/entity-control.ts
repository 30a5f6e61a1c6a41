import type { Column, Shape } from '@emcachers/core/shape';

/** What the Job Server and the Entity Manager may do to an entity's row; the statements are in packages/db. */
export interface EntityControl {
  /** EMC-5003 where the name is taken. */
  create(shape: Shape): Promise<{ readonly entityId: number }>;
  /** Null where no entity has the name; names compare without case. */
  find(entityName: string): Promise<EntityState | null>;
  /** A new version and run; answers with that version. */
  refresh(entityId: number, options: { readonly allowLargeSweep: boolean }): Promise<{ readonly version: number }>;
  rebuild(entityId: number): Promise<void>;
  setPaused(entityId: number, paused: boolean): Promise<void>;
  /** From now on nothing is appended for it and nodes remove its files. */
  markDeleting(entityId: number): Promise<void>;
  /** Partition, staging, records: everything of it, and its name is free again. */
  drop(entityId: number): Promise<void>;
  /** Which nodes that report still hold files of it, with what they hold. */
  caches(entityId: number): Promise<readonly CacheState[]>;
}

export interface EntityState {
  readonly entityId: number;
  readonly entityName: string;
  readonly activity: 'pending' | 'scanning' | 'catching-up' | 'live' | 'failed' | 'deleting';
  readonly paused: boolean;
  readonly version: number;
  readonly columns: readonly Column[];
  readonly hasBeenLive: boolean;
  readonly reason: string | null;
  readonly errorCode: string | null;
  readonly scanned: number;
}

export interface CacheState {
  readonly nodeId: string;
  readonly generation: number | null;
  readonly published: boolean;
  readonly state: string;
  /** The node's report is not older than the patience that `deriveStatus` has. */
  readonly isPrompt: boolean;
}
