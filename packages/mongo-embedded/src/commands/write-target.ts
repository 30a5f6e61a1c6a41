import { bsonTypes } from '@emcachers/bson/bson-types';
import { type RawValue, stringOf } from '@emcachers/bson/raw-value';
import { MongoFailure } from '../error/mongo-failure.ts';
import { entriesOf } from '../query/raw-document.ts';
import { refuseView } from './collection-documents.ts';
import type { CommandContext } from './command.ts';
import { checkWritableName } from './namespace.ts';

/** The target of `$out` or `$merge`. */
export interface WriteTarget {
  readonly database: string;
  readonly name: string;
}

/** A collection by its name, or `{ db, coll }`. */
export function writeTargetOf(context: CommandContext, operand: RawValue | undefined, stage: string): WriteTarget {
  if (operand?.type === bsonTypes.string)
    return checked(context, { database: context.database, name: stringOf(operand) });
  const fields = operand?.type === bsonTypes.object ? new Map(entriesOf(operand)) : new Map<string, RawValue>();
  const [database, name] = [fields.get('db'), fields.get('coll')];
  if (name?.type !== bsonTypes.string || (database !== undefined && database.type !== bsonTypes.string)) {
    throw new MongoFailure(
      stage === '$out' ? 16990 : 51178,
      `${stage} only supports a string or object argument that names a collection`,
    );
  }
  return checked(context, {
    database: database === undefined ? context.database : stringOf(database),
    name: stringOf(name),
  });
}

function checked(context: CommandContext, target: WriteTarget): WriteTarget {
  checkWritableName(target.database, target.name);
  refuseView({ ...context, database: target.database }, target.name);
  return target;
}
