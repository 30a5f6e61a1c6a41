import Link from 'next/link';
import { formatCount } from '../../format/numbers.ts';
import type { TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';
import { Pill } from '../ui/pill.tsx';
import { Acknowledge } from './acknowledge.tsx';
import { type Incident, incidentStatus, subjectWords } from './incident-facts.ts';

export const incidentColumns: TableColumn<Incident>[] = [
  {
    id: 'what',
    label: 'What',
    stack: 'title',
    cell: ({ title, errorCode }) => (
      <span className="whitespace-normal">
        <span className="font-[600]">{title}</span> <code className="text-ink-3 text-sm">{errorCode}</code>
      </span>
    ),
  },
  {
    id: 'status',
    label: 'Status',
    stack: 'status',
    width: '9rem',
    cell: (incident) => <Pill {...incidentStatus(incident)} />,
  },
  { id: 'where', label: 'Where', width: '11rem', cell: (incident) => <Where incident={incident} /> },
  {
    id: 'opened',
    label: 'Began',
    end: true,
    width: '8rem',
    cell: ({ openedAt }) => <Moment at={openedAt} />,
  },
  {
    id: 'ended',
    label: 'Ended',
    end: true,
    width: '8rem',
    cell: ({ closedAt, lastSeenAt }) => (closedAt === null ? 'Not yet' : <Moment at={lastSeenAt} />),
  },
  {
    id: 'acknowledge',
    label: 'Actions',
    isLabelHidden: true,
    end: true,
    width: '8rem',
    stack: 'wide',
    cell: (incident) =>
      incident.closedAt === null && incident.acknowledgedAt === null ? <Acknowledge incident={incident} /> : null,
  },
];

function Where({ incident }: { readonly incident: Incident }) {
  const { words, href } = subjectWords(incident);
  return href === null ? (
    words
  ) : (
    <Link href={href} className="underline-offset-2 hover:underline">
      {words}
    </Link>
  );
}

/** What the status said of it, who suffers from it, and what to do. */
export function IncidentDetail({ incident }: { readonly incident: Incident }) {
  const { detail, nextStep, times, acknowledgedAt, acknowledgedBy } = incident;
  return (
    <div className="grid gap-1.5 whitespace-normal">
      <p>{detail}</p>
      {nextStep === null ? null : (
        <p>
          <span className="font-[600]">Next step:</span> {nextStep}
        </p>
      )}
      <Suffering incident={incident} />
      {times > 1 ? <p className="text-ink-2">It came back: opened {formatCount(times)} times.</p> : null}
      {acknowledgedAt === null ? null : (
        <p className="text-ink-2">
          Acknowledged <Moment at={acknowledgedAt} /> by {acknowledgedBy}.
        </p>
      )}
    </div>
  );
}

const namesShown = 5;

function Suffering({ incident: { entities, entityCount, nodes } }: { readonly incident: Incident }) {
  const shown = entities.slice(0, namesShown);
  if (shown.length === 0 && nodes.length === 0) return null;
  const more = entityCount - shown.length;
  return (
    <p className="flex flex-wrap gap-x-3 gap-y-1 text-ink-2">
      {shown.length === 0 ? null : <span>Affects</span>}
      {shown.map((name) => (
        <Link key={name} href={`/entities/${encodeURIComponent(name)}`} className="underline">
          {name}
        </Link>
      ))}
      {more > 0 ? <span>and {formatCount(more)} more</span> : null}
      {nodes.length === 0 ? null : (
        <span>
          on{' '}
          <Link href="/nodes" className="underline">
            {nodes.slice(0, namesShown).join(', ')}
          </Link>
        </span>
      )}
    </p>
  );
}
