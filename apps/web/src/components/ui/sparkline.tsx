import type { Tone } from '../../entity-facts/status-words.ts';
import { linePath } from '../../format/line-path.ts';
import { toneText } from './pill.tsx';

const size = { width: 76, height: 22 } as const;

interface SparklineProps {
  readonly points: readonly number[];
  readonly tone: Tone;
  /** Text alternative for screen readers. */
  readonly label: string;
}

/** A line without axes; the current figure is shown next to it. */
export function Sparkline({ points, tone, label }: SparklineProps) {
  const line = linePath(points, { ...size, padding: 1.5 });
  return (
    <svg role="img" aria-label={label} width={size.width} height={size.height} className={`block ${toneText[tone]}`}>
      <path d={`${line}L${size.width} ${size.height}L0 ${size.height}Z`} fill="currentColor" opacity={0.13} />
      <path d={line} fill="none" stroke="currentColor" strokeWidth={1.4} strokeLinejoin="round" />
    </svg>
  );
}
