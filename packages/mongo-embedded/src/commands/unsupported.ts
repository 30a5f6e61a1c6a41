import { MongoFailure } from '../error/mongo-failure.ts';
import type { Command } from './command.ts';

/**
 * MongoDB commands that are not implemented here. Listing them lets the error distinguish "not supported" from
 * "unknown command".
 */
const names = [
  'abortReshardCollection',
  'addShard',
  'analyze',
  'applyOps',
  'balancerStart',
  'balancerStatus',
  'balancerStop',
  'cloneCollectionAsCapped',
  'compact',
  'convertToCapped',
  'createRole',
  'createSearchIndexes',
  'createUser',
  'cleanupOrphaned',
  'dbHash',
  'dropAllRolesFromDatabase',
  'dropAllUsersFromDatabase',
  'dropConnections',
  'dropRole',
  'dropSearchIndex',
  'dropUser',
  'enableSharding',
  'filemd5',
  'fsyncUnlock',
  'getShardMap',
  'getShardVersion',
  'grantPrivilegesToRole',
  'grantRolesToRole',
  'grantRolesToUser',
  'invalidateUserCache',
  'listShards',
  'lockInfo',
  'logRotate',
  'mapReduce',
  'mapreduce',
  'moveChunk',
  'planCacheClear',
  'planCacheClearFilters',
  'planCacheListFilters',
  'planCacheSetFilter',
  'reIndex',
  'removeShard',
  'replSetAbortPrimaryCatchUp',
  'replSetFreeze',
  'replSetInitiate',
  'replSetMaintenance',
  'replSetReconfig',
  'replSetResizeOplog',
  'replSetSyncFrom',
  'reshardCollection',
  'revokePrivilegesFromRole',
  'revokeRolesFromRole',
  'revokeRolesFromUser',
  'rolesInfo',
  'setDefaultRWConcern',
  'setIndexCommitQuorum',
  'shardCollection',
  'shardingState',
  'shutdown',
  'split',
  'top',
  'updateRole',
  'updateUser',
] as const;

function refuse(name: string): Command {
  return {
    names: [name],
    isWrite: true,
    run() {
      throw new MongoFailure('CommandNotSupported', `command '${name}' is not supported by this server`);
    },
  };
}

/** Each fails with 115. */
export const unsupportedCommands: readonly Command[] = names.map(refuse);
