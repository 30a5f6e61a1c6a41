import type { EntityView, SourceCollectionView } from '@emcachers/core/api-views';
import { collectionsListedMax } from '@emcachers/core/collections-listed-max';

/** Causes in the order in which they are shown: what stops an entity first, what may be no fault last. */
export const problemCauses = ['failed', 'missing-source', 'dead-letters', 'null-values', 'unmet-paths'] as const;
export type ProblemCause = (typeof problemCauses)[number];

/** One thing that is wrong with one entity. */
export interface Problem {
  readonly cause: ProblemCause;
  /** Distinguishes problems of one cause and entity. */
  readonly key: string;
  readonly entityName: string;
  /** One sentence. */
  readonly what: string;
  /** Documents or values; null if it is not a count. */
  readonly count: number | null;
  /** Document ids, a few of them. */
  readonly samples: readonly string[];
  /** ISO 8601; null if nothing records it. */
  readonly firstSeen: string | null;
  readonly lastSeen: string | null;
}

/** What the page needs of a dead letter. */
export interface Letter {
  readonly docId: string;
  readonly column: string | null;
  readonly errorCode: string;
  readonly error: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

export interface ProblemFacts {
  readonly entities: readonly EntityView[];
  /** The collections in MongoDB; undefined while they are not known. */
  readonly sources: readonly SourceCollectionView[] | undefined;
  /** The newest dead letters by entity. */
  readonly letters: ReadonlyMap<string, readonly Letter[]>;
}

const samplesMax = 3;

export function problemsOf({ entities, sources, letters }: ProblemFacts): Problem[] {
  const known = sources === undefined || isCut(sources) ? null : new Set(sources.map(({ sourceName }) => sourceName));
  return entities.flatMap((entity) => [
    ...failure(entity),
    ...missingSource(entity, known),
    ...deadLetters(entity, letters.get(entity.entityName) ?? []),
    ...nullValues(entity),
    ...unmetPaths(entity),
  ]);
}

/** A collection that is not in a list that may be cut can exist. */
export function isCut(sources: readonly SourceCollectionView[]): boolean {
  return sources.length >= collectionsListedMax;
}

const unseen = { count: null, samples: [], firstSeen: null, lastSeen: null } as const;

function failure({ entityName, activity, reason, since }: EntityView): Problem[] {
  if (activity !== 'failed') return [];
  const what = reason ?? 'The entity failed, and no reason was recorded.';
  return [{ ...unseen, cause: 'failed', key: 'failed', entityName, what, firstSeen: since }];
}

/** Entities of a collection that does not exist are live and empty, which looks well. */
function missingSource({ entityName, sourceName }: EntityView, known: ReadonlySet<string> | null): Problem[] {
  if (known === null || known.has(sourceName)) return [];
  const what = `MongoDB has no collection ${sourceName}: it was dropped or renamed, or does not exist yet.`;
  return [{ ...unseen, cause: 'missing-source', key: 'source', entityName, what }];
}

/** One problem for each column and error, because one cause usually refuses many documents. */
function deadLetters({ entityName, deadLetters: total }: EntityView, letters: readonly Letter[]): Problem[] {
  if (total === 0) return [];
  const groups = Map.groupBy(letters, ({ column, errorCode }) => `${column ?? ''} ${errorCode}`);
  if (groups.size === 0) {
    const what = 'Documents could not be copied.';
    return [{ ...unseen, cause: 'dead-letters', key: 'letters', entityName, what, count: total }];
  }
  return [...groups].map(([key, group]) => ({
    cause: 'dead-letters',
    key: `letters ${key}`,
    entityName,
    what: `${columnWords(group[0])}${group[0]?.error ?? ''}`,
    // Letters beyond those that were listed can belong to any group, so only a single one has the total.
    count: groups.size === 1 ? total : group.length,
    samples: group.slice(0, samplesMax).map(({ docId }) => docId),
    firstSeen: earliest(group.map(({ createdAt }) => createdAt)),
    lastSeen: latest(group.map(({ updatedAt }) => updatedAt)),
  }));
}

function columnWords(letter: Letter | undefined): string {
  return letter === undefined || letter.column === null ? '' : `Column ${letter.column}: `;
}

function nullValues({ entityName, columns, columnCounts }: EntityView): Problem[] {
  return columnCounts
    .filter(({ coercionErrors }) => coercionErrors > 0)
    .map(({ name, coercionErrors }) => {
      const column = columns.find((candidate) => candidate.name === name);
      const what = `Values of ${column?.path ?? name} do not fit the type ${column?.type ?? 'of the column'}; column ${name} has NULL instead.`;
      return { ...unseen, cause: 'null-values', key: `null ${name}`, entityName, what, count: coercionErrors };
    });
}

function unmetPaths({ entityName, warnings, scan }: EntityView): Problem[] {
  return warnings.map((what, index) => ({
    ...unseen,
    cause: 'unmet-paths',
    key: `warning ${index}`,
    entityName,
    what,
    firstSeen: scan.finishedAt,
  }));
}

function earliest(times: readonly string[]): string | null {
  return times.toSorted()[0] ?? null;
}

function latest(times: readonly string[]): string | null {
  return times.toSorted().at(-1) ?? null;
}
