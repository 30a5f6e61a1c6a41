import type { ErrorCodeEntry } from './error-code-entry.ts';

/** Codes of faults that only the status of the fleet finds: no single part of the engine meets them as an error. */
export const fleetErrorCodes = {
  'EMC-5022': {
    title: 'A node is silent',
    cause: 'The node has not reported for more than 10 s: it has crashed, hangs, or cannot reach PostgreSQL.',
    remedy:
      'Start the node again, or see its log. If it is gone for good, forget it: DELETE /api/v1/nodes/{nodeId}. Its applications read rows that are no longer kept fresh.',
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-5023': {
    title: 'A cache or a scan does not keep up',
    cause:
      'A cache has applied nothing for 30 s although entries wait, or is more than 30 s behind, or no node has reported one; or a scan has read nothing for 60 s.',
    remedy:
      "See the node's log and the load of its disk and of PostgreSQL. The engine goes on by itself; if the cache stays behind, rebuild it.",
    retry: 'never',
    httpStatus: 503,
  },
  'EMC-5024': {
    title: 'No node ingests the stream',
    cause: 'Every node with the role ingest has stopped, or none leads the stream.',
    remedy:
      'Start a node with the role ingest. Changes wait in MongoDB until then; nothing is lost while its oplog still has them.',
    retry: 'never',
    httpStatus: 503,
  },
} as const satisfies Record<string, ErrorCodeEntry>;
