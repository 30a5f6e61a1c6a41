'use client';

import { useState } from 'react';
import { axisTop, linePath } from '../../format/line-path.ts';
import { formatRate } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';

const frame = { width: 600, height: 150, padding: 2 } as const;
/** The engine sends one point per five seconds. */
const pointMs = 5_000;
const gridLines = [0.25, 0.5, 0.75, 1];

interface ChangesChartProps {
  readonly points: readonly number[];
  /** The rate of the last ten seconds, which can be above every point: those are means of five seconds that have ended. */
  readonly now: number | null;
}

/** Changes applied per second in the last minutes; pointing at the chart shows a single value. */
export function ChangesChart({ points, now }: ChangesChartProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  if (points.length < 2) return <p className="grid h-[206px] place-items-center text-ink-2">No changes yet.</p>;
  const most = Math.max(now ?? 0, ...points);
  const top = axisTop([most]);
  const line = linePath(points, { ...frame, max: top });
  const value = pointed === null ? undefined : points[pointed];
  return (
    <figure className="grid gap-2">
      <div
        className="relative"
        onPointerLeave={() => setPointed(null)}
        onPointerMove={(event) => {
          const box = event.currentTarget.getBoundingClientRect();
          const share = (event.clientX - box.left) / box.width;
          setPointed(Math.max(0, Math.min(points.length - 1, Math.round(share * (points.length - 1)))));
        }}
      >
        <svg
          role="img"
          aria-label={summaryOf(points, most)}
          viewBox={`0 0 ${frame.width} ${frame.height}`}
          preserveAspectRatio="none"
          className="block h-[176px] w-full text-accent"
        >
          {gridLines.map((share) => (
            <line
              key={share}
              x1={0}
              x2={frame.width}
              y1={frame.height - share * (frame.height - 2 * frame.padding) - frame.padding}
              y2={frame.height - share * (frame.height - 2 * frame.padding) - frame.padding}
              className="stroke-line"
              vectorEffect="non-scaling-stroke"
            />
          ))}
          <path d={`${line}L${frame.width} ${frame.height}L0 ${frame.height}Z`} fill="currentColor" opacity={0.1} />
          <path d={line} fill="none" stroke="currentColor" strokeWidth={1.6} vectorEffect="non-scaling-stroke" />
        </svg>
        <span className="figures absolute top-1 left-0 bg-panel/80 pr-1 text-ink-3 text-xs">{formatRate(top)} /s</span>
        {pointed === null ? null : <Crosshair share={pointed / (points.length - 1)} />}
      </div>
      <figcaption className="figures flex min-h-[1.45em] justify-between gap-3 text-ink-3 text-sm">
        <span>{formatDuration(points.length * pointMs)} ago</span>
        <span className="text-ink-2">
          {value === undefined || pointed === null
            ? `maximum ${formatRate(most)} /s`
            : `${formatRate(value)} /s, ${formatDuration((points.length - 1 - pointed) * pointMs)} ago`}
        </span>
        <span>now</span>
      </figcaption>
    </figure>
  );
}

function Crosshair({ share }: { readonly share: number }) {
  return (
    <span
      aria-hidden
      className="pointer-events-none absolute inset-y-0 w-px bg-ink-3"
      style={{ left: `${share * 100}%` }}
    />
  );
}

function summaryOf(points: readonly number[], maximum: number): string {
  const now = formatRate(points.at(-1) ?? null);
  const most = formatRate(maximum);
  const least = formatRate(Math.min(...points));
  return `Changes applied per second in the last ${formatDuration(points.length * pointMs)}: now ${now}, minimum ${least}, maximum ${most}.`;
}
