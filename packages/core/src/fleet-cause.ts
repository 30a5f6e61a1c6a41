import type { ErrorCode } from './error-codes.ts';

/** What a cause concerns. `stream`, `node` and `entity` have a name after a colon. */
export type CauseSubject = 'mongodb' | 'postgresql' | `stream:${string}` | `node:${string}` | `entity:${string}`;

/**
 * Why something in the fleet is not well. A subject has one cause of a code, however many entities suffer from it, so that an outage
 * is one cause. The remedy of the code is the next step.
 */
export interface Cause {
  readonly subject: CauseSubject;
  readonly errorCode: ErrorCode;
  /** One or two sentences. */
  readonly detail: string;
  /** How long it has lasted, milliseconds; null if that is not known. */
  readonly ageMs: number | null;
  /** True if it is worth a record however short it was. */
  readonly isMomentous: boolean;
  /** Names of the entities that suffer from it. */
  readonly entities: readonly string[];
  /** Ids of the nodes that it happens on. */
  readonly nodes: readonly string[];
}

/** The causes of the fleet. */
export interface FleetCauses {
  readonly causes: readonly Cause[];
  /** Subjects about which too little is known: a cause of theirs that is not named may still be there. */
  readonly undecided: ReadonlySet<string>;
}

/** One cause of each subject and code, with the entities and nodes of all; the longest has lasted decides on its age. */
export function mergedCauses(causes: readonly Cause[]): readonly Cause[] {
  const merged = new Map<string, Cause>();
  for (const cause of causes) {
    const key = `${cause.subject} ${cause.errorCode}`;
    const known = merged.get(key);
    merged.set(key, known === undefined ? cause : joined(known, cause));
  }
  return [...merged.values()];
}

function joined(one: Cause, other: Cause): Cause {
  const ages = [one.ageMs, other.ageMs].filter((ageMs) => ageMs !== null);
  return {
    ...one,
    ageMs: ages.length === 0 ? null : Math.max(...ages),
    isMomentous: one.isMomentous || other.isMomentous,
    entities: [...new Set([...one.entities, ...other.entities])],
    nodes: [...new Set([...one.nodes, ...other.nodes])],
  };
}
