'use client';

import type { FleetView } from '@emcachers/core/api-views';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { parseAsString, parseAsStringLiteral, useQueryState } from 'nuqs';
import { unknownSentence } from '../../entity-facts/unknown-sentence.ts';
import { formatCount, plural } from '../../format/numbers.ts';
import { useFleet } from '../../live/use-fleet.ts';
import { usePollInterval } from '../../live/use-poll-interval.ts';
import { useRenewalOf } from '../../live/use-renewal-of.ts';
import { useTRPC } from '../../trpc/trpc.ts';
import { Button } from '../ui/button.tsx';
import { Card } from '../ui/card.tsx';
import { DataTable } from '../ui/data-table.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { PagedList } from '../ui/paged-list.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { Skeleton } from '../ui/skeleton.tsx';
import { type Pages, usePages } from '../ui/use-pages.ts';
import { IncidentDetail, incidentColumns } from './incident-columns.tsx';

const incidentsMax = 25;
/** The fleet view says when an incident is opened, acknowledged or closed; this is for what grows in between. */
const renewMs = 15_000;
const states = ['open', 'closed'] as const;
type State = (typeof states)[number];
const stateWords: Readonly<Record<State, string>> = { open: 'Open', closed: 'Closed' };

const emptyWords: Readonly<Record<State, string>> = {
  open: 'Nothing to do.',
  closed: 'No incident was closed yet.',
};

/** What goes wrong in the fleet now, and what went wrong before. */
export function IncidentsPage() {
  const [state, setState] = useQueryState('state', parseAsStringLiteral(states).withDefault('open'));
  const [entityName, setEntityName] = useQueryState('entity', parseAsString);
  const { fleet, unknownSince } = useFleet();
  const pages = usePages();
  const show = (next: State): void => {
    pages.restart();
    void setState(next);
  };
  const showAll = (): void => {
    pages.restart();
    void setEntityName(null);
  };
  return (
    <>
      <PageHead
        title={
          unknownSince === null
            ? (unknownSentence(fleet) ?? titleOf(fleet?.incidents))
            : `The incidents are unknown since ${unknownSince}.`
        }
        detail="The engine opens an incident when a cause lasts, and closes it when the cause is gone. One cause is one incident, however many entities suffer from it."
        actions={
          entityName === null ? undefined : <Button onClick={showAll}>Show the incidents of all entities</Button>
        }
      />
      <SilenceNotice />
      <Card
        title={`${stateWords[state]} incidents${entityName === null ? '' : ` of ${entityName}`}`}
        note="newest first"
        aside={<States shown={state} show={show} />}
        flush
      >
        <IncidentList state={state} entityName={entityName} pages={pages} />
      </Card>
    </>
  );
}

function titleOf(incidents: FleetView['incidents'] | undefined) {
  if (incidents === undefined) return <Skeleton width="16rem" />;
  const { open, unacknowledged } = incidents;
  if (open === 0) return 'No incident is open.';
  const news = unacknowledged === 0 ? 'all acknowledged' : `${formatCount(unacknowledged)} new`;
  return `${plural(open, 'incident')} open, ${news}.`;
}

function States({ shown, show }: { readonly shown: State; readonly show: (state: State) => void }) {
  return (
    <span className="flex gap-2">
      {states.map((state) => (
        <Button
          key={state}
          size="small"
          aria-pressed={state === shown}
          className="aria-pressed:bg-sunken"
          onClick={() => show(state)}
        >
          {stateWords[state]}
        </Button>
      ))}
    </span>
  );
}

interface IncidentListProps {
  readonly state: State;
  readonly entityName: string | null;
  readonly pages: Pages;
}

function IncidentList({ state, entityName, pages }: IncidentListProps) {
  const trpc = useTRPC();
  const refetchInterval = usePollInterval(renewMs);
  const { before } = pages;
  const place = { ...(entityName === null ? {} : { entityName }), ...(before === null ? {} : { before }) };
  const options = { refetchInterval, staleTime: 0, placeholderData: keepPreviousData };
  const answer = useQuery(trpc.incidents.list.queryOptions({ state, limit: incidentsMax, ...place }, options));
  useRenewalOf(useFleet().fleet?.incidents.revision, trpc.incidents.list.queryKey());
  return (
    <PagedList answer={answer} pages={pages} troubleTitle="Could not list the incidents." empty={emptyWords[state]}>
      <DataTable
        caption={`${stateWords[state]} incidents`}
        rows={answer.data?.entries}
        rowKey={({ id }) => String(id)}
        placeholderRows={2}
        columns={incidentColumns}
        expansion={(incident) => <IncidentDetail incident={incident} />}
      />
    </PagedList>
  );
}
