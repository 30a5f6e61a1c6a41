'use client';

import { unknownFigure } from '../../format/numbers.ts';
import { formatAgo, formatFullMoment, formatMoment } from '../../format/times.ts';
import { useEngineNow } from '../../live/use-engine-now.ts';
import { useTimeZone } from '../../live/use-time-zone.ts';

interface MomentProps {
  /** ISO 8601, or null while unknown. */
  readonly at: string | null;
  /** `ago` tells the age, `clock` the time, `precise` the time with milliseconds; the rest is in the title. */
  readonly show?: 'ago' | 'clock' | 'precise';
}

/** A point in time, both as an age and as a time of day. */
export function Moment({ at, show = 'clock' }: MomentProps) {
  const nowMs = useEngineNow();
  const timeZone = useTimeZone();
  if (at === null) return <span>{unknownFigure}</span>;
  const atMs = Date.parse(at);
  const ago = formatAgo(atMs, nowMs);
  const full = formatFullMoment(atMs, timeZone);
  return (
    <time dateTime={at} title={show === 'ago' ? full : `${full} · ${ago}`} className="figures whitespace-nowrap">
      {show === 'ago' ? ago : formatMoment(atMs, { nowMs, timeZone, isPrecise: show === 'precise' })}
    </time>
  );
}
