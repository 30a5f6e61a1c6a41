/** The position as the change source has it and as the oplog keeps it. */

import type { Position } from '../change-source/position.ts';
import { tokenPosition } from '../change-source/resume-token.ts';
import type { StreamPosition } from '../oplog/oplog-types.ts';

/** What the stream was opened under; it goes with every position that the stream hands out. */
export interface StreamIdentity {
  /** Of the saved position: it fences a save after a reset. */
  readonly version: number;
  readonly pipelineHash: string | null;
}

export function toStreamPosition(position: Position, { version, pipelineHash }: StreamIdentity): StreamPosition {
  return position.kind === 'time'
    ? { token: null, tokenData: null, clusterTime: position.clusterTime, version, pipelineHash: null }
    : { token: position.token, tokenData: position.data, clusterTime: position.clusterTime, version, pipelineHash };
}

export function fromStreamPosition({ token, clusterTime }: StreamPosition): Position {
  return token === null ? { kind: 'time', clusterTime } : tokenPosition(token);
}
