'use client';

import Link from 'next/link';
import { parseAsString, useQueryState } from 'nuqs';
import { type Problem, type ProblemCause, problemCauses } from '../../entity-facts/problems.ts';
import { unknownSentence } from '../../entity-facts/unknown-sentence.ts';
import { plural } from '../../format/numbers.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { Banner } from '../ui/banner.tsx';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { problemColumns } from './problem-columns.tsx';
import { useProblems } from './use-problems.ts';

interface CauseWords {
  readonly title: string;
  /** What it means for readers, and what can be done. */
  readonly remedy: string;
}

const causeWords: Readonly<Record<ProblemCause, CauseWords>> = {
  failed: {
    title: 'Entities that stopped',
    remedy: 'Their caches keep serving the last rows. Remove the cause, then refresh the entity from its page.',
  },
  'missing-source': {
    title: 'Sources that do not exist',
    remedy:
      'The entity is empty, or becomes so. Create or restore the collection, and its documents are copied; if it was renamed, duplicate the entity with the new name and delete this one.',
  },
  'dead-letters': {
    title: 'Documents that are not in the cache',
    remedy:
      'Correct the document in MongoDB and it is tried again at once, or open the dead letters to retry or discard them.',
  },
  'null-values': {
    title: 'Values that became NULL',
    remedy:
      'Counted since the newest scan began, again for each change of a document. Duplicate the entity and give the column the type Any, or correct the documents and refresh: a refresh counts from the beginning.',
  },
  'unmet-paths': {
    title: 'Paths that met no value',
    remedy:
      'The column is NULL in every row. The path may be misspelt: duplicate the entity with the right one. If the field is optional, nothing is wrong.',
  },
};

/** What is wrong with the data of the entities, by cause: also what would otherwise be lost without a sign. */
export function ProblemsPage() {
  const [entityName, setEntityName] = useQueryState('entity', parseAsString);
  const { fleet, unknownSince } = useFleet();
  const { problems, sourcesError, isSourceListCut } = useProblems(entityName);
  const unknown = unknownSince === null ? unknownSentence(fleet) : `The problems are unknown since ${unknownSince}.`;
  return (
    <>
      <PageHead
        title={problems === undefined ? <Skeleton width="18rem" /> : (unknown ?? sentenceOf(problems, entityName))}
        detail="Documents and values that are missing from caches, and sources that cannot be copied."
        actions={
          entityName === null ? undefined : (
            <Button onClick={() => void setEntityName(null)}>Show the problems of all entities</Button>
          )
        }
      />
      <SilenceNotice />
      {sourcesError === null ? null : (
        <Trouble error={sourcesError} title="Could not check whether the sources exist." />
      )}
      {isSourceListCut ? (
        <Banner tone="unknown" title="Missing sources are not looked for.">
          <p>MongoDB has more collections than the engine lists.</p>
        </Banner>
      ) : null}
      {problemCauses.map((cause) => (
        <CauseCard key={cause} cause={cause} problems={problems?.filter((problem) => problem.cause === cause) ?? []} />
      ))}
    </>
  );
}

function sentenceOf(problems: readonly Problem[], entityName: string | null) {
  const entities = new Set(problems.map((problem) => problem.entityName)).size;
  if (problems.length === 0) return entityName === null ? 'No problems.' : `No problems of ${entityName}.`;
  const where = entityName ?? plural(entities, 'entity', 'entities');
  return `${plural(problems.length, 'problem')} in ${where}.`;
}

function CauseCard({ cause, problems }: { readonly cause: ProblemCause; readonly problems: readonly Problem[] }) {
  if (problems.length === 0) return null;
  const { title, remedy } = causeWords[cause];
  return (
    <Card title={title} flush>
      <p className="px-4 pt-3 pb-2 text-ink-2">{remedy}</p>
      <DataTable
        caption={`${title}, by entity`}
        rows={problems}
        rowKey={({ entityName, key }) => `${entityName} ${key}`}
        columns={problemColumns}
      />
      {cause === 'dead-letters' ? <LetterLinks problems={problems} /> : null}
    </Card>
  );
}

function LetterLinks({ problems }: { readonly problems: readonly Problem[] }) {
  const names = [...new Set(problems.map(({ entityName }) => entityName))];
  return (
    <p className="flex flex-wrap gap-x-4 gap-y-1 px-4 py-3 text-sm">
      {names.map((name) => (
        <Link key={name} href={`/entities/${encodeURIComponent(name)}?tab=dead-letters`} className="underline">
          Dead letters of {name}
        </Link>
      ))}
    </p>
  );
}
