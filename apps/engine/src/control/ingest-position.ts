/** The position as the change source has it and as the oplog keeps it. */

import type { Position } from '../pipeline/change-source/position.ts';
import { tokenPosition } from '../pipeline/change-source/resume-token.ts';
import type { StreamPosition } from '../pipeline/oplog/oplog-types.ts';

/** `version` is that of the saved position under which the stream was opened: it fences a save after a reset. */
export function toStreamPosition(position: Position, version: number): StreamPosition {
  return position.kind === 'time'
    ? { token: null, tokenData: null, clusterTime: position.clusterTime, version }
    : { token: position.token, tokenData: position.data, clusterTime: position.clusterTime, version };
}

export function fromStreamPosition({ token, clusterTime }: StreamPosition): Position {
  return token === null ? { kind: 'time', clusterTime } : tokenPosition(token);
}
