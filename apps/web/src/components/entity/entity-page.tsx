'use client';

import { Tabs } from '@base-ui/react/tabs';
import type { EntityView } from '@emcachers/core/api-views';
import Link from 'next/link';
import { parseAsStringLiteral, useQueryState } from 'nuqs';
import type { ReactNode } from 'react';
import { formatCount } from '../../format/numbers.ts';
import { buttonClasses } from '../ui/button.tsx';
import { PageHead } from '../ui/page-head.tsx';
import { SilenceNotice } from '../ui/silence-notice.tsx';
import { Trouble } from '../ui/trouble.tsx';
import { DeadLettersTab } from './dead-letters-tab.tsx';
import { EntityHead, EntityHeadPlaceholder } from './entity-head.tsx';
import { EntityTrouble } from './entity-trouble.tsx';
import { JobsTab } from './jobs-tab.tsx';
import { OplogSizeCard } from './oplog-size-card.tsx';
import { OplogTab } from './oplog-tab.tsx';
import { OverviewTab } from './overview-tab.tsx';
import { RowsTab } from './rows-tab.tsx';
import { ShapeTab } from './shape-tab.tsx';
import { useEntity } from './use-entity.ts';

const tabs = ['overview', 'rows', 'oplog', 'dead-letters', 'jobs', 'shape'] as const;
type Tab = (typeof tabs)[number];
const tabParser = parseAsStringLiteral(tabs).withDefault('overview').withOptions({ history: 'push' });

const tabNames: Readonly<Record<Tab, string>> = {
  overview: 'Overview',
  rows: 'Rows',
  oplog: 'Oplog',
  'dead-letters': 'Dead letters',
  jobs: 'Jobs',
  shape: 'Shape',
};

export function EntityPage({ entityName }: { readonly entityName: string }) {
  const answer = useEntity(entityName);
  switch (answer.kind) {
    case 'loading':
      return <EntityHeadPlaceholder entityName={entityName} />;
    case 'missing':
      return <MissingEntity entityName={entityName} />;
    case 'silent':
      return (
        <>
          <PageHead title={entityName} detail="The state of this entity is unknown." />
          <SilenceNotice />
        </>
      );
    case 'unknown':
      return (
        <>
          <PageHead title={entityName} detail="The state of this entity is unknown." />
          <Trouble error={answer.error} title="Could not read the entity." onRetry={answer.tryAgain} />
        </>
      );
    case 'found':
      return (
        <>
          <EntityHead entity={answer.entity} />
          <SilenceNotice />
          <EntityTrouble entity={answer.entity} />
          <EntityTabs entity={answer.entity} />
        </>
      );
  }
}

function MissingEntity({ entityName }: { readonly entityName: string }) {
  return (
    <PageHead
      title={`There is no entity named ${entityName}.`}
      detail="It may have been deleted, or the address may be wrong."
      actions={
        <Link href="/" className={buttonClasses()}>
          Show all entities
        </Link>
      }
    />
  );
}

function EntityTabs({ entity }: { readonly entity: EntityView }) {
  const [tab, setTab] = useQueryState('tab', tabParser);
  return (
    <Tabs.Root value={tab} onValueChange={(next: Tab) => void setTab(next)} className="grid min-w-0 grid-cols-1 gap-5">
      <Tabs.List
        aria-label={`Sections of ${entity.entityName}`}
        className="flex gap-x-5 overflow-x-auto border-line border-b [scrollbar-width:none]"
      >
        {tabs.map((name) => (
          <Tabs.Tab
            key={name}
            value={name}
            className="-mb-px min-h-9 whitespace-nowrap border-transparent border-b-2 px-px font-[540] text-ink-2 outline-offset-[-2px] hover:text-ink data-active:border-accent data-active:text-ink"
          >
            {tabNames[name]}
            {name === 'dead-letters' && entity.deadLetters > 0 ? (
              <span className="figures ml-1.5 text-sm text-warn">{formatCount(entity.deadLetters)}</span>
            ) : null}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabs.map((name) => (
        <Tabs.Panel key={name} value={name} className="grid min-w-0 grid-cols-1 gap-5 outline-offset-4">
          {panelOf(name, entity)}
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  );
}

function panelOf(tab: Tab, entity: EntityView): ReactNode {
  switch (tab) {
    case 'overview':
      return <OverviewTab entity={entity} />;
    case 'rows':
      return <RowsTab entity={entity} />;
    case 'oplog':
      return (
        <>
          <OplogSizeCard entity={entity} />
          <OplogTab entityName={entity.entityName} />
        </>
      );
    case 'dead-letters':
      return <DeadLettersTab entityName={entity.entityName} />;
    case 'jobs':
      return <JobsTab entityName={entity.entityName} />;
    case 'shape':
      return <ShapeTab entity={entity} />;
  }
}
