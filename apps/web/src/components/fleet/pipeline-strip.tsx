import type { StageView } from '@emcachers/core/api-views';
import { healthWords, toneOfHealth } from '../../entity-facts/status-words.ts';
import { formatRate, unknownFigure } from '../../format/numbers.ts';
import { StatusDot } from '../ui/pill.tsx';
import { Skeleton } from '../ui/skeleton.tsx';

const stageNames: Readonly<Record<StageView['stage'], string>> = {
  mongodb: 'MongoDB',
  'change-source': 'Change source',
  channel: 'Channel',
  oplog: 'Oplog',
  replicator: 'Replicators',
  'sqlite-cache': 'SQLite caches',
};
const stageOrder = Object.keys(stageNames) as StageView['stage'][];

/** The stages from MongoDB to the cache files, each with one figure and one line of evidence. */
export function PipelineStrip({ stages }: { readonly stages: readonly StageView[] | undefined }) {
  return (
    <section aria-label="Pipeline" className="@container">
      <ol className="grid grid-cols-2 overflow-hidden rounded-card border border-line bg-panel shadow-card @2xl:grid-cols-3 @5xl:grid-cols-6">
        {stageOrder.map((stage) => (
          <Stage key={stage} name={stageNames[stage]} view={stages?.find((candidate) => candidate.stage === stage)} />
        ))}
      </ol>
    </section>
  );
}

/** The arrow head between two stages, drawn as a turned square on the dividing line. */
const arrow =
  'before:absolute before:top-[21px] before:-left-[5px] before:size-[9px] before:rotate-45 before:border-line-strong before:border-t before:border-r before:bg-panel first:before:hidden @max-5xl:before:hidden';

function Stage({ name, view }: { readonly name: string; readonly view: StageView | undefined }) {
  const tone = view === undefined ? 'unknown' : toneOfHealth(view.health);
  return (
    <li className={`-mt-px -ml-px relative min-w-0 border-line border-t border-l px-4 pt-3 pb-[13px] ${arrow}`}>
      <p className="flex items-center gap-[7px] font-[540] text-ink-2 text-sm">
        <StatusDot tone={tone} label={view === undefined ? 'Loading' : healthWords[view.health]} />
        {name}
      </p>
      {view === undefined ? <StagePlaceholder /> : <StageFigure view={view} />}
    </li>
  );
}

function StageFigure({ view }: { readonly view: StageView }) {
  const figure = typeof view.figure === 'number' ? formatRate(view.figure) : (view.figure ?? unknownFigure);
  return (
    <>
      <p className="figures mt-[5px] mb-px font-[600] @2xl:truncate text-[1.3rem] leading-[1.45] tracking-[-0.01em]">
        {figure} <span className="font-[500] text-ink-2 text-sm tracking-normal">{view.unit}</span>
      </p>
      <p className="figures line-clamp-2 min-h-[2.9em] text-ink-3 text-sm" title={view.evidence}>
        {view.evidence}
      </p>
    </>
  );
}

function StagePlaceholder() {
  return (
    <>
      <p className="mt-[5px] mb-px text-[1.3rem] leading-[1.45]">
        <Skeleton width="4.5rem" height="0.8em" />
      </p>
      <p className="min-h-[2.9em] text-sm">
        <Skeleton width="8rem" />
      </p>
    </>
  );
}
