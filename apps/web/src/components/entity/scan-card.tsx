'use client';

import type { EntityView, ScanView } from '@emcachers/core/api-views';
import { scanProgress } from '../../entity-facts/scan-progress.ts';
import { formatCount, formatEstimate, formatRate, formatShare, plural } from '../../format/numbers.ts';
import { formatDuration } from '../../format/times.ts';
import { Card } from '../ui/card.tsx';

/** Shorter estimates are shown as this; tenths of a second would suggest a precision that the estimate lacks. */
const secondsShownMsMin = 10_000;

/** The progress of a scan: a bar if the total is known, and a counter. */
export function ScanCard({ entity }: { readonly entity: EntityView }) {
  const { scan, sourceName, activity, documents, version } = entity;
  const { share, remainingMs } = scanProgress(scan);
  const left = remainingMs === null ? '' : `about ${formatDuration(Math.max(remainingMs, secondsShownMsMin))} left`;
  const done = share === null ? plural(scan.scanned, 'document') : formatShare(share);
  const valueText = left === '' || share === null ? done : `${done}, ${left}`;
  return (
    <Card title={titles[activity] ?? 'Scan'} note={sourceName} aside={left === '' ? undefined : left}>
      <ProgressBar label={`Scan of ${sourceName}`} share={share} valueText={valueText} />
      <Counter scan={scan} />
      <p className="mt-0.5 text-ink-3 text-sm">
        {documents === null || version === 1
          ? 'Readers can open the cache when the scan is complete. They never see a partial copy.'
          : 'Readers see the rows of the previous version until this scan is complete.'}
      </p>
    </Card>
  );
}

function Counter({ scan }: { readonly scan: ScanView }) {
  return (
    <p className="figures mt-2 text-ink-2">
      <b className="font-[600] text-ink">{formatCount(scan.scanned)}</b>
      {scan.estimated === null ? ' documents' : ` of ${formatEstimate(scan.estimated)} documents`}
      {scan.ratePerSecond === null ? '' : ` · ${formatRate(scan.ratePerSecond)} /s`}
      {scan.staged === null ? '' : ` · ${plural(scan.staged, 'live change')} staged until the scan is complete`}
    </p>
  );
}

interface ProgressBarProps {
  readonly label: string;
  /** Between 0 and 1; null if the total is unknown. */
  readonly share: number | null;
  readonly valueText: string;
}

function ProgressBar({ label, share, valueText }: ProgressBarProps) {
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share === null ? undefined : Math.round(share * 100)}
      aria-valuetext={valueText}
      className="h-2 overflow-hidden rounded-[4px] bg-sunken"
    >
      {share === null ? (
        <div className="bar-fill sliding-bar h-full w-1/4 rounded-[4px] bg-busy" />
      ) : (
        <div
          className="bar-fill h-full rounded-[4px] bg-busy transition-[width] duration-700 ease-linear"
          style={{ width: `${share * 100}%` }}
        />
      )}
    </div>
  );
}

const titles: Partial<Record<EntityView['activity'], string>> = {
  pending: 'Waiting to scan',
  scanning: 'Scanning',
  'catching-up': 'Scan complete, catching up',
};
