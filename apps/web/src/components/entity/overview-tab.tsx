'use client';

import type { EntityView } from '@emcachers/core/api-views';
import { formatCount, formatRate, plural } from '../../format/numbers.ts';
import { formatLag } from '../../format/times.ts';
import { Card } from '../ui/card.tsx';
import { Moment } from '../ui/moment.tsx';
import { CacheFile } from './cache-file.tsx';
import { ChangesChart } from './changes-chart.tsx';
import { HealthCard } from './health-card.tsx';
import { LifeStepper } from './life-stepper.tsx';
import { NodesCard } from './nodes-card.tsx';
import { ScanCard } from './scan-card.tsx';

export function OverviewTab({ entity }: { readonly entity: EntityView }) {
  const isOnItsWay = ['pending', 'scanning', 'catching-up'].includes(entity.activity);
  return (
    <>
      {isOnItsWay ? <ScanCard entity={entity} /> : null}
      <div className="grid gap-5 md:grid-cols-3">
        <FreshFact entity={entity} />
        <LagFact entity={entity} />
        <RowsFact entity={entity} />
      </div>
      <LifeStepper entity={entity} />
      <div className="grid items-start gap-5 lg:grid-cols-[1.55fr_1fr]">
        <Card title="Changes applied" note={`${formatRate(entity.ratePerSecond)} /s now`} aside="last 5 min">
          <ChangesChart points={entity.rateHistory} now={entity.ratePerSecond} />
        </Card>
        <HealthCard entity={entity} />
      </div>
      <NodesCard entity={entity} />
      <CacheFile entity={entity} />
    </>
  );
}

interface FactProps {
  readonly name: string;
  readonly figure: React.ReactNode;
  readonly children: React.ReactNode;
}

function Fact({ name, figure, children }: FactProps) {
  return (
    <Card>
      <p className="text-ink-2 text-sm">{name}</p>
      <p className="figures my-[3px] truncate font-[600] text-figure tracking-[-0.015em]">{figure}</p>
      <p className="figures text-ink-3 text-sm">{children}</p>
    </Card>
  );
}

function FreshFact({ entity }: { readonly entity: EntityView }) {
  const { freshAsOf } = entity;
  return (
    <Fact name="Fresh as of" figure={<Moment at={freshAsOf} isWholeSecond />}>
      {freshAsOf === null ? (
        'Available when the first scan is complete.'
      ) : (
        <>
          <Moment at={freshAsOf} show="ago" isWholeSecond />, on the slowest node
        </>
      )}
    </Fact>
  );
}

function LagFact({ entity }: { readonly entity: EntityView }) {
  const { lagEntries, lagMs } = entity;
  return (
    <Fact
      name="Lag"
      figure={
        <>
          {formatCount(lagEntries)}{' '}
          {lagEntries === null ? null : (
            <span className="font-[500] text-base text-ink-2 tracking-normal">
              {lagEntries === 1 ? 'entry' : 'entries'}
              {lagMs === null || lagMs === 0 ? '' : ` · ${formatLag(lagMs)}`}
            </span>
          )}
        </>
      }
    >
      {positionWords(entity)}
    </Fact>
  );
}

/** The offset of a cache without lag advances with the whole oplog, past the newest entry of its own entity. */
function positionWords({ offset, head, lagEntries }: EntityView): string {
  if (lagEntries === 0 && offset !== null && head !== null && offset >= head)
    return `up to date at offset ${formatCount(offset)}`;
  return `offset ${formatCount(offset)}, newest entry ${formatCount(head)}`;
}

function RowsFact({ entity }: { readonly entity: EntityView }) {
  const { documents, scan } = entity;
  return (
    <Fact name="Rows in the cache" figure={formatCount(documents)}>
      {scan.finishedAt === null
        ? 'All rows appear when the scan is complete.'
        : `last scan: ${plural(scan.scanned, 'document')}`}
    </Fact>
  );
}
