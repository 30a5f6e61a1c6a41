/** Converts positions between the change source's form and the oplog's stored form. */

import type { Position } from '../change-source/position.ts';
import { tokenPosition } from '../change-source/resume-token.ts';
import type { StreamPosition } from '../oplog/oplog-types.ts';

/** The context in which the stream was opened. It is saved with every position that the stream returns. */
export interface StreamIdentity {
  /** Version of the saved position. It rejects a save that follows a reset. */
  readonly version: number;
  readonly pipelineHash: string | null;
  /** Of the server that the stream was opened at; see `ServerFacts`. */
  readonly sourceId: string | null;
}

export function toStreamPosition(
  position: Position,
  { version, pipelineHash, sourceId }: StreamIdentity,
): StreamPosition {
  return position.kind === 'time'
    ? { token: null, tokenData: null, clusterTime: position.clusterTime, version, pipelineHash: null, sourceId }
    : {
        token: position.token,
        tokenData: position.data,
        clusterTime: position.clusterTime,
        version,
        pipelineHash,
        sourceId,
      };
}

export function fromStreamPosition({ token, clusterTime }: StreamPosition): Position {
  return token === null ? { kind: 'time', clusterTime } : tokenPosition(token);
}
