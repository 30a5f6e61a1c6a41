/** Shapes of entities, with streams, filters and masks, as an operator may define them. */
import type { ColumnType } from '../oracle/cell.ts';
import type { ProvedColumn, ProvedShape } from '../oracle/expected-rows.ts';
import type { Mask } from '../oracle/mask.ts';
import { collectionNames, databaseName } from './collections.ts';
import type { Dice } from './dice.ts';
import { anyFilter, type Filter } from './filters.ts';
import { paths } from './values.ts';

/** Few names, so that they are used again with other shapes and in other streams. */
export const entityNames = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];
/** The first two always have an entity; the last one comes with its first entity, goes with its last one, and returns. */
const streams = ['default', 'east', 'west'];
const columnTypes = ['JSONB', 'Any', 'Bool', 'Number', 'Integer', 'Text'] as const;

/** What a request creates. */
export interface NewShape extends Omit<ProvedShape, 'where'> {
  readonly stream: string;
  readonly where?: Filter;
  readonly indexes?: readonly Index[];
}

interface Index {
  readonly columns: readonly string[];
}

export function anyShape(dice: Dice): NewShape {
  const columns: ProvedColumn[] = Array.from({ length: dice.between(1, 6) }, (_, index) => ({
    name: `column${index}`,
    type: dice.pick(columnTypes),
    path: dice.pick(paths),
  }));
  const rev: ProvedColumn = { name: 'rev', type: 'Integer', path: 'rev' };
  const sourceName = `${databaseName}.${dice.pick(collectionNames)}`;
  const shape = { entityName: dice.pick(entityNames), sourceName, stream: dice.pick(streams) };
  const where = dice.chance(0.5) ? { where: anyFilter(dice) } : {};
  const indexes = dice.chance(0.3) ? { indexes: [{ columns: ['rev', 'column0'] }] } : {};
  return {
    ...shape,
    ...where,
    ...indexes,
    columns: [rev, ...(dice.chance(0.4) ? masked(columns, dice) : withWhole(columns, dice))],
  };
}

/** Without two of the same columns, which are refused; a column that the entity does not have is refused, too. */
export function anyIndexes(dice: Dice): readonly Index[] {
  const names = ['rev', 'column0', 'column1', 'column2'];
  return [names.slice(0, 1), names.slice(1, 3), names.slice(0, 2), names.slice(3)]
    .filter(() => dice.chance(0.4))
    .map((columns) => ({ columns }));
}

function withWhole(columns: readonly ProvedColumn[], dice: Dice): readonly ProvedColumn[] {
  return dice.chance(0.3) ? [...columns, { name: 'whole', type: 'JSONB', path: '$' }] : columns;
}

/** Every column of some fields: a shape is refused if a column without a mask copies what another one masks. */
function masked(columns: readonly ProvedColumn[], dice: Dice): readonly ProvedColumn[] {
  const fields = new Set(columns.map(({ path }) => fieldOf(path)).filter(() => dice.chance(0.7)));
  return columns.map((column) =>
    fields.has(fieldOf(column.path)) ? { ...column, mask: anyMask(column.type, dice) } : column,
  );
}

function fieldOf(path: string): string {
  return path.split('.')[0] ?? path;
}

function anyMask(type: ColumnType, dice: Dice): Mask {
  const kind = type === 'Text' ? dice.pick(['hash', 'redact', 'truncate'] as const) : 'redact';
  return kind === 'truncate' ? { kind, length: dice.between(1, 4) } : { kind };
}
