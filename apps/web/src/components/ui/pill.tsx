import { Check, Circle, RefreshCw, TriangleAlert, X } from 'lucide-react';
import type { StatusWords, Tone } from '../../entity-facts/status-words.ts';
import { classes } from './classes.ts';

const tones: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok-soft text-ok',
  warn: 'bg-warn-soft text-warn',
  bad: 'bg-bad-soft text-bad',
  busy: 'bg-busy-soft text-busy',
  unknown: 'bg-unknown-soft text-unknown',
};

const icons = { ok: Check, warn: TriangleAlert, bad: X, busy: RefreshCw, unknown: Circle } as const;

interface ToneIconProps {
  readonly tone: Tone;
  readonly size?: number;
  readonly className?: string;
}

/** The icon of a tone. Each tone has its own shape, because colour must not be the only signal. */
export function ToneIcon({ tone, size = 12, className }: ToneIconProps) {
  const Icon = icons[tone];
  return <Icon size={size} strokeWidth={2.4} aria-hidden className={classes('shrink-0', className)} />;
}

/** A status badge with an icon, words and a colour. */
export function Pill({ tone, words }: StatusWords) {
  return (
    <span
      className={classes(
        'inline-flex items-center gap-1.5 whitespace-nowrap rounded-[5px] py-px pr-2 pl-[7px] font-[560] text-sm',
        tones[tone],
      )}
    >
      <ToneIcon tone={tone} />
      {words}
    </span>
  );
}

export const toneText: Readonly<Record<Tone, string>> = {
  ok: 'text-ok',
  warn: 'text-warn',
  bad: 'text-bad',
  busy: 'text-busy',
  unknown: 'text-unknown',
};

const dots: Readonly<Record<Tone, string>> = {
  ok: 'bg-ok',
  warn: 'bg-warn',
  bad: 'bg-bad',
  busy: 'bg-busy',
  unknown: 'border-[1.5px] border-unknown',
};

/** A small dot next to words that already state the status; hollow for unknown. */
export function StatusDot({ tone, label }: { readonly tone: Tone; readonly label?: string }) {
  const look = classes('status-dot inline-block size-2 shrink-0 rounded-full', dots[tone]);
  if (label === undefined) return <span aria-hidden className={look} />;
  return <span role="img" aria-label={label} title={label} className={look} />;
}
