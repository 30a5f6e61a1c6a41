import type { Clock } from '@emcachers/core/clock';
import { shownRow } from '@emcachers/core/document/shown-row';
import type { RowExplanation, ShownRow, SourceSide } from '@emcachers/core/row-explanation';
import { judgeRow, type NodeAnswer } from '@emcachers/core/row-verdict';
import type { EntityRecord } from '@emcachers/db/control/entity-record';
import type { DocumentHistory } from '@emcachers/db/explain/document-history';
import type { RowAnswer } from '@emcachers/db/explain/row-questions';
import { docIdCandidates } from '../browse/doc-id-candidates.ts';
import { rowCells } from '../browse/row-cells.ts';
import type { EntityControl } from '../entity/entity-control.ts';
import { unknownEntity } from '../entity/unknown-entity.ts';
import { iso } from '../fleet/iso-time.ts';
import type { SourceReading } from './row-source.ts';

/** Says why rows are what they are. Reads everywhere and changes nothing. */
export interface RowExplainer {
  /**
   * `idText`: an `_id` as a person writes it, or a DocID. One explanation for each document that it may mean and of which anything is
   * known; for the first meaning if nothing is. Throws EMC-5002; EMC-3001 if PostgreSQL does not answer.
   */
  explain(request: { readonly entityName: string; readonly idText: string }): Promise<RowExplanation[]>;
}

export interface RowExplainerDependencies {
  readonly clock: Clock;
  readonly control: Pick<EntityControl, 'find'>;
  readonly readSource: (entity: EntityRecord, docIds: readonly string[]) => Promise<SourceReading>;
  readonly history: (entity: EntityRecord, docIds: readonly string[]) => Promise<DocumentHistory>;
  /** The place that the stream has passed, as MongoDB's operation time; null if it has none. */
  readonly passedTime: (streamId: number) => Promise<bigint | null>;
  /** The nodes that report, and so should answer. */
  readonly nodes: () => Promise<readonly string[]>;
  /** Asks every node. */
  readonly ask: (question: { readonly entityId: number; readonly docIds: readonly string[] }) => Promise<string>;
  readonly answers: (questionId: string) => Promise<readonly RowAnswer[]>;
  readonly forget: (questionId: string) => Promise<void>;
}

/** A change that is on its way is waited for so long, and so are the nodes. */
const waitMsMax = 3_000;
const lookMs = 50;
/** How often everything is read again because a change came between two readings. */
const readingsMax = 3;

export function createRowExplainer(dependencies: RowExplainerDependencies): RowExplainer {
  return {
    async explain({ entityName, idText }) {
      const entity = await dependencies.control.find(entityName);
      if (entity === null) throw unknownEntity(entityName);
      const docIds = docIdCandidates(idText);
      const reading = await readAll(dependencies, entity, docIds);
      const known = docIds.filter((docId) => isKnown(reading, docId));
      return (known.length > 0 ? known : docIds.slice(0, 1)).map((docId) => explanationOf(entity, reading, docId));
    },
  };
}

interface Reading {
  readonly source: SourceReading;
  readonly isPassed: boolean;
  readonly history: DocumentHistory;
  readonly nodeIds: readonly string[];
  readonly answers: readonly RowAnswer[];
}

/** Everything, with the entries read after the source and the caches after the entries. Again if a change came between. */
async function readAll(
  dependencies: RowExplainerDependencies,
  entity: EntityRecord,
  docIds: readonly string[],
): Promise<Reading> {
  for (let readings = 1; ; readings += 1) {
    const source = await dependencies.readSource(entity, docIds);
    const isPassed = source.time !== null && (await untilPassed(dependencies, entity, source.time));
    const history = await dependencies.history(entity, docIds);
    const nodeIds = await dependencies.nodes();
    const answers = await askNodes(dependencies, { entity, docIds, nodeIds });
    const after = await dependencies.history(entity, docIds);
    if (readings === readingsMax || newestIdOf(after) === newestIdOf(history))
      return { source, isPassed, history, nodeIds, answers };
  }
}

function newestIdOf({ entries }: DocumentHistory): number {
  return entries[0]?.id ?? 0;
}

async function untilPassed(
  { clock, passedTime }: RowExplainerDependencies,
  { streamId }: EntityRecord,
  time: bigint,
): Promise<boolean> {
  const isPassed = async (): Promise<boolean> => ((await passedTime(streamId)) ?? 0n) >= time;
  return until(clock, isPassed);
}

/** False if it is not so in time. */
async function until(clock: Clock, isSo: () => Promise<boolean>): Promise<boolean> {
  const endMs = clock.monotonicMs() + waitMsMax;
  while (!(await isSo())) {
    if (clock.monotonicMs() >= endMs) return false;
    await clock.sleep(lookMs);
  }
  return true;
}

interface Asked {
  readonly entity: EntityRecord;
  readonly docIds: readonly string[];
  readonly nodeIds: readonly string[];
}

/** The answers of the nodes that report, and of any other that answers before them. */
async function askNodes(dependencies: RowExplainerDependencies, asked: Asked): Promise<readonly RowAnswer[]> {
  const { clock, ask, answers, forget } = dependencies;
  const { entity, docIds, nodeIds } = asked;
  const questionId = await ask({ entityId: entity.entityId, docIds });
  try {
    let found: readonly RowAnswer[] = [];
    await until(clock, async () => {
      found = await answers(questionId);
      return nodeIds.every((nodeId) => found.some((answer) => answer.nodeId === nodeId));
    });
    return found;
  } finally {
    await forget(questionId);
  }
}

function isKnown({ source, history, answers }: Reading, docId: string): boolean {
  const state = source.sides.get(docId)?.state ?? 'unknown';
  return (
    (state !== 'absent' && state !== 'unknown') ||
    history.entries.some((entry) => entry.docId === docId) ||
    history.letters.some((letter) => letter.docId === docId) ||
    answers.some(({ answer }) => answer?.rows[docId] !== undefined)
  );
}

function explanationOf(entity: EntityRecord, reading: Reading, docId: string): RowExplanation {
  const columns = entity.columns.map(({ name }) => name);
  const masked = entity.columns.flatMap(({ name, mask }) => (mask === undefined ? [] : [name]));
  const source = reading.source.sides.get(docId) ?? unread;
  const entries = reading.history.entries.filter((entry) => entry.docId === docId);
  const letter = reading.history.letters.find((each) => each.docId === docId) ?? null;
  const newest = newestOf(entity, entries);
  const deadLetter = letter === null ? null : letterOf(letter);
  const judged = judgeRow({
    ...{ columns, masked, source, isPassed: reading.isPassed, isPaused: entity.paused, newest },
    isScanned: scanning.has(entity.lifecycle),
    failure: entity.lifecycle === 'failed' ? (entity.reason ?? 'No reason was kept.') : null,
    deadLetter,
    nodes: nodesOf(reading, docId),
  });
  return {
    ...{ docId, columns, masked, source },
    ...judged,
    entries: entries.map(({ id, operation, version, createdAtMs }) => ({
      ...{ id, operation, version },
      createdAt: iso(createdAtMs),
    })),
    oplogRow: newest?.row ?? null,
    deadLetter,
  };
}

const unread: SourceSide = { state: 'unknown', row: null, reason: 'The document was not read.' };
const scanning: ReadonlySet<EntityRecord['lifecycle']> = new Set(['pending', 'scanning', 'catching-up']);

function letterOf({ errorCode, error, attempts }: DocumentHistory['letters'][number]): RowExplanation['deadLetter'] {
  return { errorCode, error, attempts };
}

function newestOf(
  { columns }: EntityRecord,
  [newest]: DocumentHistory['entries'],
): { readonly id: number; readonly row: ShownRow | null } | null {
  if (newest === undefined) return null;
  return { id: newest.id, row: newest.data === null ? null : shownRow(rowCells(newest.data, columns)) };
}

/** Of every node that reports, and of those that answered. */
function nodesOf({ nodeIds: expected, answers }: Reading, docId: string): NodeAnswer[] {
  const nodeIds = new Set([...expected, ...answers.map(({ nodeId }) => nodeId)]);
  return [...nodeIds].sort().map((nodeId) => {
    const found = answers.find((answer) => answer.nodeId === nodeId);
    const cache = found?.answer ?? null;
    return {
      nodeId,
      cache: cache === null ? null : { offset: cache.offset, row: cache.rows[docId] ?? null },
      reason: found?.reason ?? null,
    };
  });
}
