import { findElement } from '../bson/raw-element.ts';
import type { Collection } from './catalog.ts';

const known = new WeakMap<Buffer, boolean>();

/** Whether `changeStreamPreAndPostImages` is enabled on the collection. */
export function storesImages({ options }: Collection): boolean {
  let enabled = known.get(options);
  if (enabled === undefined) {
    const images = findElement(options, 'changeStreamPreAndPostImages');
    enabled = images !== undefined && findElement(images.bytes, 'enabled')?.bytes[0] === 1;
    known.set(options, enabled);
  }
  return enabled;
}
