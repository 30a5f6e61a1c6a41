import type { Mutant } from '../mutant.ts';

const folder = 'apps/engine/src/pipeline/oplog';
const statements = 'packages/db/src/statements';
const locks = `${folder}/append-lock.test.ts`;
const scans = `${folder}/oplog-scan.test.ts`;

export const oplogMutants: readonly Mutant[] = [
  {
    id: 'M5',
    title: "the writer remembers an entity's state between transactions",
    edits: [
      {
        file: `${folder}/oplog-writer.ts`,
        from: 'type AppendRun = ',
        to: `const remembered = new Map<number, AppendTarget>();

function firstSeen(targets: ReadonlyMap<number, AppendTarget>): ReadonlyMap<number, AppendTarget> {
  for (const [id, target] of targets) if (!remembered.has(id)) remembered.set(id, target);
  return new Map([...targets].map(([id, target]) => [id, remembered.get(id) ?? target]));
}

type AppendRun = `,
      },
      {
        file: `${folder}/oplog-writer.ts`,
        from: 'const targets = await beginAppend(client, { epoch, entityIds, lock, appends: batch.items.length > 0 });',
        to: 'const targets = firstSeen(await beginAppend(client, { epoch, entityIds, lock, appends: batch.items.length > 0 }));',
      },
    ],
    killers: [{ file: `${folder}/oplog-append.test.ts`, name: 'operations are dropped, staged or appended' }],
  },
  {
    id: 'M6',
    title: 'the sweep runs before the staged changes are promoted',
    edits: [
      {
        file: `${folder}/promotion.ts`,
        from: '  const { promoted, taken } = await promoteStaged(client, scope);\n',
        to: '  if (!scope.isRefused) await sweepChunk(client, scope);\n  const { promoted, taken } = await promoteStaged(client, scope);\n',
      },
    ],
    killers: [{ file: scans, name: 'inserts between the planning and the sweep' }],
  },
  {
    id: 'M7',
    title: 'live entries of a refresh have the version before it',
    edits: [
      {
        file: `${folder}/oplog-writer.ts`,
        from: '  let appending: AppendingTransaction = { client, epoch, byRow, deadLettersMax, targets };',
        to: `  const older = new Map([...targets].map(([id, target]) => [id, isRefreshing(target) ? { ...target, version: target.version - 1 } : target]));
  let appending: AppendingTransaction = { client, epoch, byRow, deadLettersMax, targets: older };`,
      },
    ],
    killers: [{ file: 'apps/engine/src/pipeline/ingest/ingest-refresh.test.ts', name: 'lets live changes through' }],
  },
  {
    id: 'M8',
    title: 'a page of a refresh takes no append lock',
    edits: [
      {
        file: `${folder}/scan-writer.ts`,
        from: "entityIds: [entityId], lock: 'update', appends: true }",
        to: "entityIds: [entityId], lock: 'update', appends: false }",
      },
    ],
    killers: [{ file: locks }],
  },
  {
    id: 'M8b',
    title: 'promotion takes no append lock',
    edits: [
      {
        file: `${folder}/promotion.ts`,
        from: "{ ...chunk, epoch, lock: 'update', appends: true }",
        to: "{ ...chunk, epoch, lock: 'update', appends: false }",
      },
    ],
    killers: [{ file: locks }],
  },
  {
    id: 'M8c',
    title: 'a retry of dead letters takes no append lock',
    edits: [
      {
        file: `${folder}/retry-writer.ts`,
        from: "entityIds: [entityId], lock: 'update', appends: true }",
        to: "entityIds: [entityId], lock: 'update', appends: false }",
      },
    ],
    killers: [{ file: locks }],
  },
  {
    id: 'M12',
    title: 'compaction waits for no node',
    edits: [
      {
        file: 'packages/db/src/compaction/safe-place.ts',
        from: 'SELECT LEAST(m.head, held.offset_id) AS "offset"',
        to: 'SELECT m.head AS "offset"',
      },
    ],
    killers: [{ file: `${folder}/compaction/compaction-run.test.ts`, name: 'leaves what a cache has not applied' }],
  },
  {
    id: 'M12a',
    title: 'compaction does not look again for a slow node when it removes',
    edits: [
      {
        file: 'packages/db/src/compaction/remove-entries.ts',
        from: "  return safe.offset < slice.sliceTo ? 'held' : null;",
        to: '  return null;',
      },
    ],
    killers: [
      { file: `${folder}/compaction/compaction-run.test.ts`, name: 'stops if a cache begins to be built meanwhile' },
    ],
  },
  {
    id: 'M12b',
    title: 'compaction removes Deletes and leaves the horizon where it was',
    edits: [
      {
        file: 'packages/db/src/compaction/remove-entries.ts',
        from: 'horizon = GREATEST(c.horizon, $4)',
        to: 'horizon = c.horizon + 0 * $4',
      },
    ],
    killers: [
      { file: 'apps/engine/src/pipeline/replicator/below-horizon.test.ts', name: 'rebuilds its cache by itself' },
    ],
  },
  {
    id: 'M16',
    title: 'a page compares offsets as text',
    edits: [
      {
        file: `${statements}/read-page.ts`,
        from: 'WHERE id > $1 AND state.head > $1 AND',
        to: 'WHERE id::text > $1::bigint::text AND state.head > $1 AND',
      },
    ],
    killers: [{ file: `${folder}/oplog-order.test.ts`, name: 'offsets are compared as numbers' }],
  },
  {
    id: 'M17',
    title: 'a leader commits without a check of its epoch',
    edits: [
      { file: `${statements}/commit-append.ts`, from: `\`SELECT hold_epoch(\${end.epoch})\``, to: "'SELECT 1'" },
      {
        file: `${statements}/begin-append.ts`,
        from: `SELECT require_epoch(\${checkedId(start.epoch)});`,
        to: 'SELECT 1;',
      },
    ],
    killers: [{ file: `${folder}/oplog-append.test.ts`, name: 'I9: a deposed leader cannot write' }],
  },
  {
    id: 'M17b',
    title: 'a leader checks its epoch at the begin of a transaction only',
    edits: [{ file: `${statements}/commit-append.ts`, from: `\`SELECT hold_epoch(\${end.epoch})\``, to: "'SELECT 1'" }],
    killers: [{ file: locks, name: 'deposed in the middle of its transaction' }],
  },
  {
    id: 'M18',
    title: 'promotion draws ids in another order than that of the stream',
    edits: [{ file: `${statements}/promote-staged.ts`, from: 'ORDER BY t.id\n', to: 'ORDER BY t.id DESC\n' }],
    killers: [{ file: scans, name: 'moves the newest staged row of each document once, in order' }],
  },
  {
    id: 'X1',
    title: 'a page of a scan does not check its run',
    edits: [
      {
        file: `${folder}/scan-writer.ts`,
        from: "if (target?.lifecycle !== 'scanning' || target.runId !== page.runId) return superseded(client);",
        to: "if (target?.lifecycle !== 'scanning') return superseded(client);",
      },
    ],
    killers: [{ file: scans, name: 'while a newer run scans' }],
  },
  {
    id: 'X4',
    title: 'a scan is promoted before the stream has passed its end',
    edits: [
      {
        file: `${statements}/promotion-state.ts`,
        from: 'COALESCE(GREATEST(t.cluster_time, t.passed_time) >= e.scan_end_time, false) AS passed',
        to: 'true AS passed',
      },
    ],
    killers: [{ file: scans, name: 'waits until the saved position has passed the end of the scan' }],
  },
  {
    id: 'X6',
    title: 'a deposed leader claims jobs',
    edits: [
      {
        file: 'packages/db/src/job/job-store.ts',
        from: 'SELECT hold_epoch($1::integer) WHERE $1 IS NOT NULL',
        to: 'SELECT 1 WHERE $1::integer IS NOT NULL',
      },
    ],
    killers: [{ file: 'packages/db/src/job/job-store.test.ts', name: 'the runner of a term that has ended claims' }],
  },
  {
    id: 'X12',
    title: 'a build that has begun in the middle of a slice is not sent back by the Deletes of it',
    edits: [
      {
        file: 'packages/db/src/compaction/remove-entries.ts',
        from: 'purge_to = CASE WHEN horizon < $2 THEN $2 ELSE purge_to END',
        to: 'purge_to = $2',
      },
      {
        file: `${folder}/compaction/compaction-run.ts`,
        from: 'horizon: slice.to - 1',
        to: 'horizon: slice.to',
      },
    ],
    killers: [{ file: `${folder}/compaction/compaction-run.test.ts`, name: 'while its slice was half removed' }],
  },
];
