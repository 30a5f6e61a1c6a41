/**
 * While a new generation of a cache is built, its entity has two open files. The one that `db.sqlite` points to then has this id
 * in calls that take an entity's id. Ids of entities are positive.
 */
export function servedFileId(entityId: number): number {
  return -entityId;
}
