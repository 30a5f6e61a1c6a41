import { type RawValue, rawValue } from '@emcachers/bson/raw-value';
import { findElement, forEachElement } from '../bson/raw-element.ts';
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

/** What a view reads: a collection or another view of its database, through a pipeline. */
export interface ViewDefinition {
  readonly on: string;
  readonly pipeline: readonly RawValue[];
}

const views = new WeakMap<Buffer, ViewDefinition | 'collection'>();

/** The definition of a view; null for a collection. */
export function viewOf({ options }: Collection): ViewDefinition | null {
  const cached = views.get(options) ?? readView(options);
  views.set(options, cached);
  return cached === 'collection' ? null : cached;
}

function readView(options: Buffer): ViewDefinition | 'collection' {
  const on = findElement(options, 'viewOn');
  if (on === undefined) return 'collection';
  const pipeline: RawValue[] = [];
  const stages = findElement(options, 'pipeline');
  if (stages !== undefined) {
    forEachElement(stages.bytes, (_, { type, bytes }) => {
      pipeline.push(rawValue(type, bytes));
      return undefined;
    });
  }
  return { on: on.bytes.toString('utf8', 4, on.bytes.length - 1), pipeline };
}
