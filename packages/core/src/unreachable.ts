/** Ends a switch over a union: a new case that is not handled fails to compile, and a wrong value fails loudly. */
export function unreachable(value: never): never {
  throw new Error(`Unreachable case: ${String(value)}`);
}
