import type { RawValue } from '@emcachers/bson/raw-value';

/** The result of an operator at its path. */
export type Outcome =
  | { readonly kind: 'keep' }
  | { readonly kind: 'remove' }
  | { readonly kind: 'set'; readonly value: RawValue }
  /** Items that go to the end of an array; logged one by one, not as the whole array. */
  | { readonly kind: 'append'; readonly items: readonly RawValue[] };

export const keep: Outcome = { kind: 'keep' };

export function set(value: RawValue): Outcome {
  return { kind: 'set', value };
}

/** The target of an operator. */
export interface ModifierPlace {
  /** The dotted path, for messages. */
  readonly path: string;
  /** The `_id` of the document as messages show it, `{_id: 1}`. */
  readonly documentLabel: string;
}

/** An operator on one path, its operand already checked. */
export interface Modifier {
  /** Whether a missing path is made so that the value can be put there. */
  readonly createsPath: boolean;
  apply(current: RawValue | undefined, place: ModifierPlace): Outcome;
}

/** The context for validating an operand. */
export interface ModifierUse {
  readonly path: string;
  readonly operand: RawValue;
  /** Whether this update inserts a new document (upsert). */
  readonly isInsert: boolean;
  readonly nowMs: number;
  readonly clusterTime: { readonly seconds: number; readonly increment: number };
}
