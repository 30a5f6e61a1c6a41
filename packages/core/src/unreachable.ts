/** Ends a switch over a union: an unhandled case fails to compile, and an unexpected value throws. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable case: ${String(value)}`);
}
