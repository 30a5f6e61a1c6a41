/** What an operator can do to an entity. */
export const entityActions = ['refresh', 'rebuild', 'pause', 'resume', 'delete'] as const;
export type EntityAction = (typeof entityActions)[number];

interface ActionTexts {
  readonly name: string;
  /** Precedes the entity's name while the action runs. */
  readonly doing: string;
  /** Precedes the entity's name after the action has succeeded. */
  readonly done: string;
}

export const actionTexts: Readonly<Record<EntityAction, ActionTexts>> = {
  refresh: { name: 'Refresh from source', doing: 'Refreshing', done: 'Refreshed' },
  rebuild: { name: 'Rebuild cache', doing: 'Rebuilding the cache of', done: 'Rebuilt the cache of' },
  pause: { name: 'Pause', doing: 'Pausing', done: 'Paused' },
  resume: { name: 'Resume', doing: 'Resuming', done: 'Resumed' },
  delete: { name: 'Delete entity', doing: 'Deleting', done: 'Deleted' },
};
