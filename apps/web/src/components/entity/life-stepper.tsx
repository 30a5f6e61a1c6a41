'use client';

import type { EntityView } from '@emcachers/core/api-views';
import { Check, Pause, X } from 'lucide-react';
import { lifeStepNames, lifeSteps, type StepState } from '../../entity-facts/life-steps.ts';
import { formatCount } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { useEngineNow } from '../../live/use-engine-now.ts';
import { Card } from '../ui/card.tsx';
import { classes } from '../ui/classes.ts';
import { Moment } from '../ui/moment.tsx';

type StepName = (typeof lifeStepNames)[number];

/** Pending, scanning, catching up, live: the steps of an entity and how long each one took. */
export function LifeStepper({ entity }: { readonly entity: EntityView }) {
  const states = lifeSteps(entity);
  return (
    <Card>
      <ol aria-label="Progress to live" className="grid gap-3 py-0.5 sm:grid-cols-4 sm:gap-0">
        {lifeStepNames.map((name, index) => (
          <Step key={name} name={name} state={states[index] ?? 'next'} isFirst={index === 0} entity={entity} />
        ))}
      </ol>
    </Card>
  );
}

interface StepProps {
  readonly name: StepName;
  readonly state: StepState;
  readonly isFirst: boolean;
  readonly entity: EntityView;
}

const stateWords: Readonly<Record<StepState, string>> = {
  done: 'done',
  current: 'in progress',
  stopped: 'stopped here',
  next: 'not started',
};

function Step({ name, state, isFirst, entity }: StepProps) {
  const line = state === 'next' ? 'before:bg-line-strong' : 'before:bg-ok';
  return (
    <li
      aria-current={state === 'current' ? 'step' : undefined}
      className={classes(
        'relative flex items-center gap-2.5 sm:flex-col sm:gap-1.5',
        'before:absolute before:top-2 before:right-[calc(50%+9px)] before:left-[calc(-50%+9px)] before:h-0.5 max-sm:before:hidden',
        line,
        isFirst && 'before:hidden',
      )}
    >
      <StepMark state={state} entity={entity} />
      <p className="figures text-sm sm:text-center">
        <span className={classes('font-[560]', state === 'next' && 'text-ink-3')}>{name}</span>
        <span className="sr-only">, {stateWords[state]}</span>{' '}
        <span className="text-ink-3">
          <StepNote name={name} state={state} entity={entity} />
        </span>
      </p>
    </li>
  );
}

const pausedMark = { Icon: Pause, color: 'bg-unknown text-panel' };
const failedMark = { Icon: X, color: 'bg-bad text-panel' };

function StepMark({ state, entity }: { readonly state: StepState; readonly entity: EntityView }) {
  const { activity } = entity;
  const round = 'step-mark grid size-[18px] shrink-0 place-items-center rounded-full';
  if (state === 'done')
    return (
      <span className={classes(round, 'bg-ok text-panel')}>
        <Check size={11} strokeWidth={3} aria-hidden />
      </span>
    );
  if (state === 'current') {
    return <span className={classes(round, 'border-[5px] bg-panel', currentColor(entity))} />;
  }
  if (state === 'stopped') {
    const { Icon, color } = activity === 'paused' ? pausedMark : failedMark;
    return (
      <span className={classes(round, color)}>
        <Icon size={10} strokeWidth={3} aria-hidden />
      </span>
    );
  }
  return <span className={classes(round, 'border-2 border-line-strong bg-panel')} />;
}

function currentColor({ activity, health }: EntityView): string {
  if (health === 'unknown') return 'border-unknown';
  return activity === 'live' ? 'border-ok' : 'border-busy';
}

function StepNote({ name, state, entity }: Omit<StepProps, 'isFirst'>) {
  const nowMs = useEngineNow();
  const { scan, since, activity } = entity;
  if (state === 'next') return null;
  if (name === 'Pending') return <Moment at={entity.createdAt} />;
  if (name === 'Scanning' && scan.startedAt !== null && scan.finishedAt !== null) {
    const tookMs = Date.parse(scan.finishedAt) - Date.parse(scan.startedAt);
    return `${formatDuration(tookMs)}, ${formatCount(scan.scanned)} documents`;
  }
  if (state === 'stopped') return activity;
  if (state === 'current') return `for ${formatDuration(nowMs - Date.parse(since))}`;
  return null;
}
