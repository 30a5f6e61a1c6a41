import { existsSync } from 'node:fs';

/** A free name beside `path`, under which something that cannot be used is kept for the operator. */
export function unusableName(path: string): string {
  let number = 1;
  while (existsSync(`${path}.unusable-${number}`)) number += 1;
  return `${path}.unusable-${number}`;
}
