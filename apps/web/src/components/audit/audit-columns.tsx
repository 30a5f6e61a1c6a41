import type { AppRouter } from '@emcachers/engine/api';
import type { inferRouterOutputs } from '@trpc/server';
import Link from 'next/link';
import { unknownFigure } from '../../format/numbers.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import type { TableColumn } from '../ui/data-table.tsx';
import { Moment } from '../ui/moment.tsx';

type AuditEntry = inferRouterOutputs<AppRouter>['audit']['list']['entries'][number];

const actorWords: Readonly<Record<string, string>> = { api: 'A client of the API', engine: 'The engine' };

export function auditColumns(titles: ReadonlyMap<string, string>): TableColumn<AuditEntry>[] {
  return [
    {
      id: 'action',
      label: 'Action',
      stack: 'title',
      width: '12rem',
      cell: ({ action }) => <span className="font-[600]">{titles.get(action) ?? action}</span>,
    },
    { id: 'entity', label: 'Entity', width: '11rem', cell: ({ entityName }) => <EntityLink entityName={entityName} /> },
    { id: 'at', label: 'When', end: true, width: '10rem', cell: ({ at }) => <Moment at={at} /> },
    { id: 'actor', label: 'By', width: '11rem', cell: ({ actor }) => actorWords[actor] ?? actor },
    { id: 'detail', label: 'Detail', stack: 'wide', cell: ({ detail }) => <Detail detail={detail} /> },
    {
      id: 'request',
      label: 'Request',
      width: '9rem',
      cell: ({ correlationId }) => <Request correlationId={correlationId} />,
    },
  ];
}

function EntityLink({ entityName }: { readonly entityName: string | null }) {
  if (entityName === null) return <span className="text-ink-3">{unknownFigure}</span>;
  return (
    <Link href={`/entities/${encodeURIComponent(entityName)}`} className="underline-offset-2 hover:underline">
      {entityName}
    </Link>
  );
}

const detailLengthMax = 160;

function Detail({ detail }: { readonly detail: AuditEntry['detail'] }) {
  if (Object.keys(detail).length === 0) return <span className="text-ink-3">{unknownFigure}</span>;
  const text = JSON.stringify(detail);
  const shown = text.length > detailLengthMax ? `${text.slice(0, detailLengthMax)}…` : text;
  return <code className="block min-w-0 whitespace-normal break-all text-ink-2 text-sm">{shown}</code>;
}

const idLengthShown = 8;

/** The beginning of the id; the whole one is copied. */
function Request({ correlationId }: { readonly correlationId: string | null }) {
  if (correlationId === null) return <span className="text-ink-3">{unknownFigure}</span>;
  return (
    <span className="inline-flex items-center gap-1">
      <code className="text-sm" title={correlationId}>
        {correlationId.slice(0, idLengthShown)}
      </code>
      <CopyButton text={correlationId} label="Copy the request id" />
    </span>
  );
}
