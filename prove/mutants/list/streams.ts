import type { Mutant } from '../mutant.ts';

const statements = 'packages/db/src/statements';
const streams = 'packages/db/src/control/streams.test.ts';
/** As the source has it: the stream of an epoch. */
const streamOf = (epoch: string): string => `\${streamOfEpoch(${epoch})}`;
const follower = 'apps/engine/src/pipeline/replicator/follower.test.ts';

/** Several streams in one database: what belongs to one must not be read or moved by another. */
export const streamMutants: readonly Mutant[] = [
  {
    id: 'X21',
    title: 'a page has the highest head of all streams',
    edits: [
      {
        file: `${statements}/read-page.ts`,
        from: '(SELECT head FROM stream WHERE id = $5) AS head',
        to: '(SELECT max(head) FROM stream) AS head',
      },
    ],
    killers: [{ file: streams, name: 'no reader misses an entry' }],
  },
  {
    id: 'X21b',
    title: 'a page has the source time of the default stream',
    edits: [
      {
        file: `${statements}/read-page.ts`,
        from: 'FROM mongo_resume_token WHERE stream_id = $5)',
        to: 'FROM mongo_resume_token WHERE stream_id = 1)',
      },
    ],
    killers: [{ file: streams, name: 'reads and moves only the position of its own' }],
  },
  {
    id: 'X21c',
    title: 'a page has the newest term of any stream',
    edits: [
      {
        file: `${statements}/read-page.ts`,
        from: 'FROM leader_term WHERE stream_id = $5 ORDER BY',
        to: 'FROM leader_term ORDER BY',
      },
    ],
    killers: [{ file: streams, name: 'not one of another stream' }],
  },
  {
    id: 'X21d',
    title: 'a term of another stream that began lower takes a reader for one of a restored oplog',
    edits: [
      {
        file: `${statements}/term-check.ts`,
        from: 'WHERE later.stream_id = $3 AND later.epoch > own.epoch',
        to: 'WHERE later.epoch > own.epoch',
      },
    ],
    killers: [{ file: streams, name: 'not one of another stream' }],
  },
  {
    id: 'X22',
    title: 'an append moves the head of the default stream',
    edits: [
      {
        file: `${statements}/commit-append.ts`,
        from: `WHERE id = ${streamOf('String(end.epoch)')}\``,
        to: 'WHERE id = 1`',
      },
    ],
    killers: [{ file: streams, name: 'no reader misses an entry' }],
  },
  {
    id: 'X22b',
    title: 'an append moves the heads of all streams',
    edits: [
      {
        file: `${statements}/commit-append.ts`,
        from: `WHERE id = ${streamOf('String(end.epoch)')}\``,
        to: `WHERE id >= 1 OR id = ${streamOf('String(end.epoch)')}\``,
      },
    ],
    killers: [{ file: streams, name: 'no reader misses an entry' }],
  },
  {
    id: 'X22c',
    title: 'a leader appends for entities of other streams',
    edits: [
      {
        file: `${statements}/begin-append.ts`,
        from: `WHERE \${ids} AND e.stream_id = ${streamOf('checkedId(start.epoch)')} ORDER BY`,
        to: `WHERE \${ids} AND 0 < ${streamOf('checkedId(start.epoch)')} ORDER BY`,
      },
    ],
    killers: [{ file: streams, name: 'a leader has no target in another stream' }],
  },
  {
    id: 'X23',
    title: 'a leader saves its position for all streams',
    edits: [
      {
        file: `${statements}/save-position.ts`,
        from: `WHERE stream_id = ${streamOf("'$9'")} AND version = $4`,
        to: `WHERE 0 < ${streamOf("'$9'")} AND version = $4`,
      },
    ],
    killers: [{ file: streams, name: 'reads and moves only the position of its own' }],
  },
  {
    id: 'X23b',
    title: 'a lost position is cleared for all streams',
    edits: [
      {
        file: `${statements}/read-position.ts`,
        from: `      WHERE stream_id = ${streamOf("'$1'")}\`,\n    [epoch, errorCode, reason],\n  );\n}`,
        to: `      WHERE 0 < ${streamOf("'$1'")}\`,\n    [epoch, errorCode, reason],\n  );\n}`,
      },
    ],
    killers: [{ file: streams, name: 'reads and moves only the position of its own' }],
  },
  {
    id: 'X23c',
    title: 'a scan is promoted once the default stream has passed its end',
    edits: [
      {
        file: `${statements}/promotion-state.ts`,
        from: 'JOIN mongo_resume_token t ON t.stream_id = e.stream_id',
        to: 'JOIN mongo_resume_token t ON t.stream_id = 1',
      },
    ],
    killers: [{ file: streams, name: 'not one of another stream' }],
  },
  {
    id: 'X24',
    title: 'a new leader ends the sessions of earlier epochs of all streams',
    edits: [
      {
        file: 'packages/db/src/leader-sessions.ts',
        from: 'AND other.stream_id <> (SELECT own.stream_id FROM leader_term own WHERE own.epoch = $2))`',
        to: 'AND other.stream_id < (SELECT own.stream_id FROM leader_term own WHERE own.epoch = $2) - 1000000)`',
      },
    ],
    killers: [{ file: streams, name: 'ends the sessions of its own earlier leaders only' }],
  },
  {
    id: 'X24b',
    title: 'each stream counts its own epochs',
    edits: [
      {
        file: 'packages/db/src/leadership.ts',
        from: '1 + GREATEST((SELECT max(epoch) FROM leader), (SELECT max(epoch) FROM leader_term)) AS epoch',
        to: '1 + l.epoch AS epoch',
      },
    ],
    killers: [{ file: streams, name: 'get epochs of their own' }],
  },
  {
    id: 'X24c',
    title: 'a leader runs the jobs of all streams',
    edits: [
      {
        file: 'packages/db/src/job/job-store.ts',
        from: `stream_id = ${streamOf("'$1'")})\``,
        to: `0 < ${streamOf("'$1'")})\``,
      },
    ],
    killers: [{ file: streams, name: 'the leader of a stream runs the jobs of its entities' }],
  },
  {
    id: 'X25',
    title: 'a loop that follows one stream also advances the caches of others',
    edits: [
      {
        file: 'apps/engine/src/pipeline/replicator/follower.ts',
        from: 'if (!cache.isLevel || cache.entity.streamId !== streamId) continue;',
        to: 'if (!cache.isLevel) continue;',
      },
    ],
    killers: [{ file: follower, name: 'reads for the caches of its stream only' }],
  },
  {
    id: 'X25b',
    title: 'compaction takes the highest head of all streams for safe',
    edits: [
      {
        file: 'packages/db/src/compaction/safe-place.ts',
        from: 'FROM (SELECT s.head FROM stream s JOIN entity e ON e.stream_id = s.id WHERE e.id = $1) AS m',
        to: 'FROM (SELECT max(s.head) AS head FROM stream s, entity e WHERE e.id = $1) AS m',
      },
    ],
    killers: [{ file: streams, name: 'not one of another stream' }],
  },
  {
    id: 'X25c',
    title: 'documents that are read again are compared with the highest head of all streams',
    edits: [
      {
        file: `${statements}/reread-documents.ts`,
        from: 's.head, e.run_id AS "runId"',
        to: '(SELECT max(head) FROM stream) AS head, e.run_id AS "runId"',
      },
    ],
    killers: [{ file: streams, name: 'not one of another stream' }],
  },
];
