import { stripVTControlCharacters } from 'node:util';

/** A column of a table: its heading and the text of a row's cell. */
export interface Column<Row> {
  readonly heading: string;
  readonly cell: (row: Row) => string | number | null;
  /** Numbers are aligned at the end. */
  readonly end?: boolean;
}

const gap = '  ';
const missing = '-';

/** Lines of equal columns, separated by two spaces, for people and for `awk`. Control characters of data are made visible. */
export function renderTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): string {
  const cells = rows.map((row) => columns.map(({ cell }) => cellText(cell(row))));
  const lines = [columns.map(({ heading }) => heading.toUpperCase()), ...cells];
  const widths = columns.map((_column, index) => Math.max(...lines.map((line) => widthOf(line[index] ?? ''))));
  return `${lines.map((line) => lineText(line, columns, widths)).join('\n')}\n`;
}

function lineText<Row>(line: readonly string[], columns: readonly Column<Row>[], widths: readonly number[]): string {
  return line
    .map((text, index) => {
      const padding = ' '.repeat((widths[index] ?? 0) - widthOf(text));
      return columns[index]?.end === true ? padding + text : text + padding;
    })
    .join(gap)
    .trimEnd();
}

/** Text that a terminal does not interpret. */
export function cellText(value: string | number | null): string {
  if (value === null || value === '') return missing;
  return stripVTControlCharacters(String(value)).replace(/\p{Cc}/gu, '�');
}

/** Code points; wide characters of East Asian scripts count as two. */
function widthOf(text: string): number {
  let width = 0;
  for (const character of text)
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}]/u.test(
        character,
      )
        ? 2
        : 1;
  return width;
}
