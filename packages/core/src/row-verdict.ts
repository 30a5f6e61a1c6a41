import type { RowAction, RowExplanation, RowVerdict, ShownRow, SourceSide } from './row-explanation.ts';
import { counted } from './status-words.ts';

/** What one node answered about a document. */
export interface NodeAnswer {
  readonly nodeId: string;
  /** Null if the node has no published cache, or did not answer. */
  readonly cache: { readonly offset: number; readonly row: ShownRow | null } | null;
  readonly reason: string | null;
}

/** Everything a verdict needs. All of it was read after the source was. */
export interface RowFacts {
  readonly columns: readonly string[];
  readonly masked: readonly string[];
  readonly source: SourceSide;
  /** True if the change stream has passed the time at which the source was read. */
  readonly isPassed: boolean;
  /** True while a scan of the entity is not complete, which brings what is missing. */
  readonly isScanned: boolean;
  readonly isPaused: boolean;
  /** Why the entity failed; null if it did not. */
  readonly failure: string | null;
  /** The newest entry of the document; null if there is none. */
  readonly newest: { readonly id: number; readonly row: ShownRow | null } | null;
  readonly deadLetter: RowExplanation['deadLetter'];
  readonly nodes: readonly NodeAnswer[];
}

type Verdict = Pick<RowExplanation, 'verdict' | 'reason' | 'action' | 'nextStep' | 'differing' | 'nodes'>;

/** Judges a row. Pure: the same facts give the same verdict. */
export function judgeRow(facts: RowFacts): Verdict {
  const nodes = facts.nodes.map((node) => judgeNode(node, facts));
  const differing = differingColumns(facts.columns, expectedRow(facts.source), facts.newest?.row ?? null);
  const found = ofDeadLetter(facts) ?? ofCapture(facts, differing) ?? ofNodes(facts, nodes) ?? ofAgreement(facts);
  const isJudged = facts.source.state !== 'unknown' && facts.source.state !== 'refused';
  return { ...found, differing: isJudged ? differing : [], nodes };
}

type Finding = Omit<Verdict, 'differing' | 'nodes'>;

function finding(verdict: RowVerdict, reason: string, [action, nextStep]: readonly [RowAction, string]): Finding {
  return { verdict, reason, action, nextStep };
}

function expectedRow({ state, row }: SourceSide): ShownRow | null {
  return state === 'found' ? row : null;
}

function differingColumns(columns: readonly string[], left: ShownRow | null, right: ShownRow | null): string[] {
  if (left === null && right === null) return [];
  if (left === null || right === null) return [...columns];
  return columns.filter((_, index) => left.digests[index] !== right.digests[index]);
}

function isEqual(left: ShownRow | null, right: ShownRow | null): boolean {
  if (left === null || right === null) return left === right;
  return (
    left.digests.length === right.digests.length && left.digests.every((digest, at) => digest === right.digests[at])
  );
}

function ofDeadLetter({ source, deadLetter, isPassed }: RowFacts): Finding | null {
  const refusal = deadLetter?.error ?? (source.state === 'refused' && isPassed ? source.reason : null);
  if (refusal === null) return null;
  const action = deadLetter === null ? 'refreshDocuments' : 'retry';
  const isMended = deadLetter !== null && source.state !== 'refused' && source.state !== 'unknown';
  return isMended
    ? finding('dead-lettered', `The document was refused: ${refusal} As it is now, it can be copied.`, [
        action,
        'Retry the dead letter.',
      ])
    : finding('dead-lettered', `The document is refused, so no cache has a row of it: ${refusal}`, [
        action,
        'Correct the document in MongoDB, or change the policy of the column in a duplicate of the entity.',
      ]);
}

/** The source and the oplog differ. */
function ofCapture(facts: RowFacts, differing: readonly string[]): Finding | null {
  const { source, isPassed, isScanned, failure, newest } = facts;
  if (source.state === 'unknown') return null;
  if (source.state !== 'refused' && isEqual(expectedRow(source), newest?.row ?? null)) return null;
  if (failure !== null)
    return finding('source-changed-without-event', `The entity is not copied any more: ${failure}`, [
      'none',
      'Follow the reason that the entity gives.',
    ]);
  if (isScanned)
    return finding('staged-by-scan', 'A scan of the entity is not complete. It brings the document as it is now.', [
      'wait',
      'Wait for the scan.',
    ]);
  if (!isPassed)
    return finding('in-flight', 'The change stream has not yet passed the change of the document.', [
      'wait',
      'Wait, or look at the lag of the change source if it lasts.',
    ]);
  const what = newest === null ? 'has no entry of it' : `differs in ${counted(differing.length, 'column', 'columns')}`;
  return finding(
    'source-changed-without-event',
    `The change stream has passed the document as it is in MongoDB, but the oplog ${what}.`,
    ['refreshDocuments', 'Refresh this document.'],
  );
}

function judgeNode({ nodeId, cache, reason }: NodeAnswer, facts: RowFacts): RowExplanation['nodes'][number] {
  if (cache === null)
    return {
      ...{ nodeId, offset: null, row: null, differing: [] },
      ...(reason === null ? { state: 'silent', reason: 'It did not answer.' } : { state: 'no-cache', reason }),
    };
  const { offset, row } = cache;
  const expected = facts.newest?.row ?? null;
  const isBehind = facts.newest !== null && offset < facts.newest.id;
  const isSame = isEqual(row, expected);
  return {
    ...{ nodeId, offset, row, reason: null },
    state: isBehind ? 'behind' : isSame ? 'level' : 'wrong',
    differing: differingColumns(facts.columns, row, expected),
  };
}

/** Worst first. */
function ofNodes(facts: RowFacts, nodes: RowExplanation['nodes']): Finding | null {
  const named = (...states: readonly string[]): string =>
    nodes
      .filter((node) => states.includes(node.state))
      .map(({ nodeId }) => nodeId)
      .join(', ');
  return ofWrong(named('wrong')) ?? ofBehind(named('behind'), facts) ?? ofUnknown(named('no-cache', 'silent'), nodes);
}

function ofWrong(who: string): Finding | null {
  if (who === '') return null;
  return finding('cache-wrong', `The cache on ${who} has applied the newest entry, but its row is another one.`, [
    'repair',
    'Repair the entity, or rebuild the cache of that node.',
  ]);
}

function ofBehind(who: string, { isPaused, newest }: RowFacts): Finding | null {
  if (who === '') return null;
  return finding(
    'cache-behind',
    `The cache on ${who} has not reached entry ${newest?.id ?? 0} yet.`,
    isPaused
      ? ['resume', 'The entity is paused: resume it.']
      : ['wait', 'Wait, or look at the lag of that node if it lasts.'],
  );
}

function ofUnknown(who: string, nodes: RowExplanation['nodes']): Finding | null {
  if (who === '' && nodes.length > 0) return null;
  const reason = nodes.length === 0 ? 'No node has a cache of the entity.' : `There is no row from ${who}.`;
  return finding('unknown', reason, ['wait', 'Look at the page of the nodes, and ask again.']);
}

/** Oplog and caches agree, and nothing is known that contradicts them. */
function ofAgreement({ source, newest, masked }: RowFacts): Finding {
  if (source.state === 'unknown')
    return finding(
      'unknown',
      `The caches agree with the oplog, but the document could not be read: ${source.reason ?? ''}`,
      ['wait', 'Ask again when MongoDB answers.'],
    );
  if (source.state === 'outside')
    return finding(
      'filtered-out',
      'The document does not pass the filter of the entity, so no cache has a row of it.',
      ['none', 'Nothing to do. To copy it, duplicate the entity with another filter.'],
    );
  if (source.state === 'absent')
    return finding('fresh', 'MongoDB does not have the document, and no cache has a row of it.', [
      'none',
      'Nothing to do.',
    ]);
  if (masked.length > 0)
    return finding('masked', `The row is up to date on every node. Masked: ${masked.join(', ')}.`, [
      'none',
      'Nothing to do: the values of these columns differ from the document on purpose.',
    ]);
  return finding('fresh', `The row is up to date on every node, at entry ${newest?.id ?? 0}.`, [
    'none',
    'Nothing to do.',
  ]);
}
