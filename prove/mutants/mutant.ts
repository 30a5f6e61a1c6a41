import { readFileSync } from 'node:fs';
import path from 'node:path';

/** One exact replacement in a source file. The text must occur exactly once. */
export interface Edit {
  /** Relative to the root of the repository. */
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

/** A test file, and the part of a test's name that is enough to run. Without a name the whole file runs. */
export interface Killer {
  readonly file: string;
  readonly name?: string;
}

/** A named fault that someone could make in the source. The tests must notice it. */
export interface Mutant {
  readonly id: string;
  /** What the fault does, in one line. */
  readonly title: string;
  readonly edits: readonly Edit[];
  readonly killers: readonly Killer[];
}

/** The contents of the files that the mutant changes, by file. Throws if a text is not there exactly once. */
export function mutated(root: string, { id, edits }: Pick<Mutant, 'id' | 'edits'>): ReadonlyMap<string, string> {
  const contents = new Map<string, string>();
  for (const { file, from, to } of edits) {
    const text = contents.get(file) ?? readFileSync(path.join(root, file), 'utf8');
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(`Mutant ${id}: ${file} has its text ${parts.length - 1} times, not once:\n${from}`);
    contents.set(file, parts.join(to));
  }
  return contents;
}
