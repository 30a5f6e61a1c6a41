import type { SourceOplogView } from '@emcachers/core/api-views';
import type { Tone } from '../../entity-facts/status-words.ts';
import { formatDuration } from '../../format/times.ts';
import { StatusDot } from '../ui/pill.tsx';

const tones: Readonly<Record<SourceOplogView['level'], Tone>> = {
  ok: 'ok',
  warning: 'warn',
  critical: 'bad',
  unknown: 'unknown',
};
const words: Readonly<Record<SourceOplogView['level'], string>> = {
  ok: 'Enough',
  warning: 'Short',
  critical: 'About to be lost',
  unknown: 'Not known',
};

/** How long the change stream may stand still before its position in MongoDB is lost. */
export function HeadroomLine({ oplog }: { readonly oplog: SourceOplogView | undefined }) {
  if (oplog === undefined) return null;
  return (
    <p className="flex items-baseline gap-[7px] text-ink-2 text-sm">
      <StatusDot tone={tones[oplog.level]} label={words[oplog.level]} />
      <span className="figures">Oplog headroom: {sentenceOf(oplog)}</span>
    </p>
  );
}

function sentenceOf({ level, headroomMs, windowMs, reason }: SourceOplogView): string {
  if (headroomMs === null || windowMs === null) return `${level === 'ok' ? 'enough' : 'not known'}. ${reason ?? ''}`;
  return `${formatDuration(headroomMs)} before a rescan would be needed; MongoDB reaches back ${formatDuration(windowMs)}.`;
}
