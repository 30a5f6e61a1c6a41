'use client';

import { unknownFigure } from '../../format/numbers.ts';
import { formatAgo, formatFullMoment, formatMoment } from '../../format/times.ts';
import { useEngineNow, usePageNow } from '../../live/use-engine-now.ts';
import { useTimeZone } from '../../live/use-time-zone.ts';

interface MomentProps {
  /** ISO 8601, or null while unknown. */
  readonly at: string | null;
  /** `ago` shows the age and updates; `clock` shows the time of day, `precise` with milliseconds. The title shows both date and time. */
  readonly show?: 'ago' | 'clock' | 'precise';
  /** MongoDB's cluster time counts whole seconds: milliseconds of it would be invented. Default false. */
  readonly isWholeSecond?: boolean;
}

/** A point in time. */
export function Moment({ at, show = 'clock', isWholeSecond = false }: MomentProps) {
  if (at === null) return <span>{unknownFigure}</span>;
  return show === 'ago' ? (
    <Age at={at} isWholeSecond={isWholeSecond} />
  ) : (
    <Clock at={at} isPrecise={show === 'precise'} isWholeSecond={isWholeSecond} />
  );
}

interface TimeFacts {
  readonly at: string;
  readonly isWholeSecond: boolean;
}

function Age({ at, isWholeSecond }: TimeFacts) {
  const nowMs = useEngineNow();
  return <Time at={at} words={formatAgo(Date.parse(at), nowMs)} isWholeSecond={isWholeSecond} />;
}

/** Does not update every second, because it depends on the current day only. */
function Clock({ at, isPrecise, isWholeSecond }: TimeFacts & { readonly isPrecise: boolean }) {
  const nowMs = usePageNow();
  const timeZone = useTimeZone();
  return (
    <Time at={at} words={formatMoment(Date.parse(at), { nowMs, timeZone, isPrecise })} isWholeSecond={isWholeSecond} />
  );
}

function Time({ at, words, isWholeSecond }: TimeFacts & { readonly words: string }) {
  const timeZone = useTimeZone();
  return (
    <time
      dateTime={at}
      title={formatFullMoment(Date.parse(at), timeZone, !isWholeSecond)}
      className="figures whitespace-nowrap"
    >
      {words}
    </time>
  );
}
