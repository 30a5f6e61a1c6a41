/** An int8 of PostgreSQL as a number; throws above 2^53 - 1, where neighbouring ids would become equal. */
export function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is outside the range of exact integers.`);
  return value;
}
