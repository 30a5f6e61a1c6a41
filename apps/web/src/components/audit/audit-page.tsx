'use client';

import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsString, useQueryStates } from 'nuqs';
import { useFleet } from '../../live/use-fleet.ts';
import { usePollInterval } from '../../live/use-poll-interval.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { type ActionView, useActions } from '../actions/use-actions.ts';
import { Card } from '../ui/card.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { PagedList } from '../ui/paged-list.tsx';
import { Select } from '../ui/select.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { type Pages, usePages } from '../ui/use-pages.ts';
import { auditColumns } from './audit-columns.tsx';

const recordsMax = 50;
const renewMs = 15_000;
const parsers = { entity: parseAsString, action: parseAsString };

/** Actions that are no job, with their titles. */
const otherActions: Readonly<Record<string, string>> = {
  create: 'Create entity',
  setIndexes: 'Change indexes',
  cancel: 'Cancel job',
  acknowledge: 'Acknowledge incident',
  forgetNode: 'Forget node',
};

interface Filter {
  readonly entity: string | null;
  readonly action: string | null;
}

/** Who has done what, and when. */
export function AuditPage() {
  const [filter, setFilter] = useQueryStates(parsers);
  const pages = usePages();
  const titles = titlesOf(useActions().actions);
  const change = (next: Partial<Filter>): void => {
    pages.restart();
    void setFilter(next);
  };
  return (
    <>
      <PageHead
        title="What operators and the engine have done."
        detail="Each action is recorded in the transaction that carries it out, with the id of its request. Nothing is removed."
      />
      <SilenceNotice />
      <Card title="Audit" note="newest first" aside={<Filters filter={filter} change={change} titles={titles} />} flush>
        <Records filter={filter} pages={pages} titles={titles} />
      </Card>
    </>
  );
}

function titlesOf(actions: readonly ActionView[]): ReadonlyMap<string, string> {
  const jobs = actions.map(({ kind, title }): [string, string] => [kind, title]);
  return new Map([...Object.entries(otherActions), ...jobs]);
}

interface FiltersProps {
  readonly filter: Filter;
  readonly change: (next: Partial<Filter>) => void;
  readonly titles: ReadonlyMap<string, string>;
}

function Filters({ filter: { entity, action }, change, titles }: FiltersProps) {
  const names = (useFleet().fleet?.entities ?? []).map(({ entityName }) => entityName);
  // A deleted entity still has its records.
  const known = entity === null || names.includes(entity) ? names : [entity, ...names];
  const actions = action === null || titles.has(action) ? [...titles.keys()] : [action, ...titles.keys()];
  return (
    <div className="flex flex-wrap gap-2">
      <Select
        small
        aria-label="Entity"
        value={entity ?? ''}
        onChange={(event) => change({ entity: event.target.value === '' ? null : event.target.value })}
      >
        <option value="">Any entity</option>
        {known.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </Select>
      <Select
        small
        aria-label="Action"
        value={action ?? ''}
        onChange={(event) => change({ action: event.target.value === '' ? null : event.target.value })}
      >
        <option value="">Any action</option>
        {actions.map((each) => (
          <option key={each} value={each}>
            {titles.get(each) ?? each}
          </option>
        ))}
      </Select>
    </div>
  );
}

interface RecordsProps {
  readonly filter: Filter;
  readonly pages: Pages;
  readonly titles: ReadonlyMap<string, string>;
}

function Records({ filter: { entity, action }, pages, titles }: RecordsProps) {
  const trpc = useTRPC();
  const refetchInterval = usePollInterval(renewMs);
  const { before } = pages;
  const input = {
    limit: recordsMax,
    ...(entity === null ? {} : { entityName: entity }),
    ...(action === null ? {} : { action }),
    ...(before === null ? {} : { before }),
  };
  const options = { refetchInterval, staleTime: 0, placeholderData: keepPreviousData };
  const answer = useQuery(trpc.audit.list.queryOptions(input, options));
  return (
    <PagedList
      answer={answer}
      pages={pages}
      troubleTitle="Could not read the audit."
      empty={emptyWords(entity !== null || action !== null)}
    >
      <DataTable
        caption="Audit records"
        compact
        rows={answer.data?.entries}
        rowKey={({ id }) => String(id)}
        columns={auditColumns(titles)}
      />
    </PagedList>
  );
}

function emptyWords(isFiltered: boolean): string {
  return isFiltered ? 'No such action was recorded.' : 'Nothing was done yet.';
}
