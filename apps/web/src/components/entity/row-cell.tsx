import { classes } from '../ui/classes.ts';

/** Characters shown in a cell; the title has the whole value, or what the engine sends of it. */
const shownCharsMax = 80;

interface RowCellProps {
  readonly value: string | null;
  /** The engine has sent the beginning only. */
  readonly isCut: boolean;
  readonly isMarked: boolean;
}

/** One value of a row. NULL looks unlike the text. */
export function RowCell({ value, isCut, isMarked }: RowCellProps) {
  const look = classes(
    '-mx-1.5 block w-fit max-w-[21rem] truncate rounded-[4px] px-1.5 py-0.5',
    isMarked && 'changed-cell',
  );
  if (value === null) return <span className={classes(look, 'text-ink-3 text-sm')}>NULL</span>;
  const isLong = value.length > shownCharsMax;
  return (
    <code className={look} title={titleOf(value, isCut)}>
      {isLong ? `${value.slice(0, shownCharsMax)}…` : value}
    </code>
  );
}

function titleOf(value: string, isCut: boolean): string | undefined {
  if (isCut) return `${value}… (only the beginning; query the cache file for the whole value)`;
  return value.length > shownCharsMax ? value : undefined;
}
