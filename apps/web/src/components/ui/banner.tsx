import type { ReactNode } from 'react';
import type { Tone } from '../../entity-facts/status-words.ts';
import { classes } from './classes.ts';
import { ToneIcon, toneText } from './pill.tsx';

const looks: Readonly<Record<Tone, string>> = {
  ok: 'border-ok/30 bg-ok-soft',
  warn: 'border-warn/35 bg-warn-soft',
  bad: 'border-bad/35 bg-bad-soft',
  busy: 'border-busy/30 bg-busy-soft',
  unknown: 'border-line-strong bg-unknown-soft',
};

interface BannerProps {
  readonly tone: Tone;
  /** The problem or state, in one sentence. */
  readonly title: ReactNode;
  /** The effect on the application's data, and what the operator can do. */
  readonly children?: ReactNode;
  readonly action?: ReactNode;
  /** Announced immediately; for failures of what the operator just did. */
  readonly urgent?: boolean;
}

export function Banner({ tone, title, children, action, urgent = false }: BannerProps) {
  return (
    <div
      role={urgent ? 'alert' : undefined}
      className={classes('flex flex-wrap items-start gap-x-3 gap-y-2 rounded-card border px-4 py-3', looks[tone])}
    >
      <ToneIcon tone={tone} size={17} className={classes('mt-0.5', toneText[tone])} />
      <div className="min-w-0 flex-1 basis-60">
        <p className="font-[620]">{title}</p>
        {children === undefined ? null : <div className="text-ink-2">{children}</div>}
      </div>
      {action === undefined ? null : <div className="flex flex-none gap-2">{action}</div>}
    </div>
  );
}
