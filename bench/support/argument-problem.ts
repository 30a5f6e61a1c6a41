/** What to tell the user if a word of the command line is not one of `known`; null if all are. */
export function argumentProblem(words: readonly string[], known: readonly string[]): string | null {
  const unknown = words.filter((word) => !known.includes(word));
  if (unknown.length === 0) return null;
  return `Unknown argument: ${unknown.join(', ')}. Choose from: ${known.join(', ')}.`;
}
