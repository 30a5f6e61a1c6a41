import { bsonTypes } from '@emcachers/bson/bson-types';
import type { CommandBody } from '../bson/command-body.ts';
import { findElement } from '../bson/raw-element.ts';
import type { CursorTable } from '../cursor/cursor-table.ts';

/** Whether the call opens a change stream (`aggregate`) or continues one (`getMore`). */
export function isChangeStreamCall(body: CommandBody, cursors: CursorTable): boolean {
  try {
    if (body.name === 'getMore') return cursors.find(body.int64('getMore') ?? 0n)?.isChangeStream === true;
    if (body.name !== 'aggregate') return false;
    const first = body.array('pipeline')?.[0];
    return first?.type === bsonTypes.object && findElement(first.bytes, '$changeStream') !== undefined;
  } catch {
    return false;
  }
}
