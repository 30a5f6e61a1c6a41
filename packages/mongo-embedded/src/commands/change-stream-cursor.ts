import { MongoFailure } from '../error/mongo-failure.ts';
import type { RawValue } from '../query/raw-value.ts';
import type { CommandContext, CommandResult } from './command.ts';

/** Opens a change stream on a collection, a database (`name` null) or the cluster (`name` null on admin). */
export function openChangeStreamCursor(
  _context: CommandContext,
  _name: string | null,
  _stages: readonly RawValue[],
): Promise<CommandResult> {
  throw new MongoFailure('CommandNotSupported', 'change streams are not supported by this server');
}
