/** All names share it, so it says nothing about which one was meant. */
const prefix = 'EMCACHERS_';

/** The name that was probably meant: the nearest one, if a third of its characters or fewer differ. Null if none is near. */
export function nearestName(given: string, names: readonly string[]): string | null {
  let nearest: { readonly name: string; readonly distance: number } | null = null;
  for (const name of names) {
    const distance = editDistance(given, name);
    if (nearest === null || distance < nearest.distance) nearest = { name, distance };
  }
  return nearest !== null && nearest.distance * 3 <= nearest.name.replace(prefix, '').length ? nearest.name : null;
}

/** Insertions, deletions and substitutions of one character that turn one text into the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let above = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, character] of [...from].entries()) {
    const line = [row + 1];
    for (let column = 0; column < to.length; column += 1) {
      const substituted = at(above, column) + (to[column] === character ? 0 : 1);
      line.push(Math.min(substituted, at(above, column + 1) + 1, at(line, column) + 1));
    }
    above = line;
  }
  return at(above, to.length);
}

function at(line: readonly number[], index: number): number {
  return line[index] ?? Number.POSITIVE_INFINITY;
}
