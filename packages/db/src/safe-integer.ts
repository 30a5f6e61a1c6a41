/** Parses an int8 as a number. Throws above 2^53 - 1, where a number can no longer represent every id. */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is outside the range of exact integers.`);
  return value;
}
