import type { SourceOplogView } from './api-views.ts';
import type { OplogLook } from './capture-report.ts';
import { seconds } from './status-words.ts';

/** What is known of MongoDB's oplog and of our place in it. */
export interface HeadroomFacts {
  /** Null before the first look. MongoDB is taken to have written on at the same rate since then. */
  readonly look: OplogLook | null;
  /** Time of the saved position by MongoDB's clock; null if there is none. */
  readonly placeMs: number | null;
}

/** Below it nothing was ever removed, and the rate of a first import says little about later ones. */
const filledMin = 0.5;
/** The rate of the first moments of a new server says nothing: its oplog would be full after seconds or after years. */
const windowMsMin = 60_000;
/** What an almost empty oplog would span is no figure to show: a year stands for more. */
const spanMsMax = 365 * 86_400_000;

/**
 * How long the stream may stand still before MongoDB removes the change that it must go on from. Everything would then have to be
 * scanned again (EMC-2003). At today's rate, an oplog that spans a time `span` when it is full removes a change after that time,
 * so what is left is `span` less the age of our place. A full oplog spans its window.
 */
export function deriveHeadroom({ look, placeMs }: HeadroomFacts): SourceOplogView {
  if (look === null) return unknown('The leader has not looked at the oplog of MongoDB yet.');
  const { oplog, ageMs, limits } = look;
  if (oplog.kind === 'unknown') return unknown(oplog.reason);
  const windowMs = Math.max(0, oplog.newestMs - oplog.oldestMs);
  if (placeMs === null) return { ...unknown('No position of the change stream is saved yet.'), windowMs };
  // A position that was saved after the look is ahead of it.
  const behindMs = Math.max(0, Math.round(oplog.newestMs + ageMs - placeMs));
  const spanMs = Math.min(spanMsMax, Math.round(windowMs / Math.min(1, oplog.filled ?? 1)));
  const headroomMs = Math.max(0, spanMs - behindMs);
  if (windowMs < windowMsMin && oplog.filled !== null && oplog.filled < filledMin)
    return { level: 'ok', windowMs, behindMs, headroomMs: null, reason: newOplog };
  const figures = { windowMs, behindMs, headroomMs };
  const level = levelOf({ spanMs, headroomMs, filled: oplog.filled }, limits);
  return { level, ...figures, reason: level === 'ok' ? null : shortness(figures) };
}

const newOplog = 'MongoDB has removed nothing from its oplog, which is less than a minute old.';

interface Room {
  readonly spanMs: number;
  readonly headroomMs: number;
  readonly filled: number | null;
}

function levelOf({ spanMs, headroomMs, filled }: Room, limits: OplogLook['limits']): SourceOplogView['level'] {
  if (filled !== null && filled < filledMin) return 'ok';
  // If nothing tells whether the oplog is full, a short one may just be new.
  if (filled !== null && headroomMs < limits.criticalMs) return 'critical';
  return headroomMs < limits.warningMs || headroomMs < spanMs / 4 ? 'warning' : 'ok';
}

function shortness({ windowMs, behindMs, headroomMs }: Record<'windowMs' | 'behindMs' | 'headroomMs', number>): string {
  const left =
    headroomMs === 0 ? 'The next changes may be gone already' : `About ${seconds(headroomMs)} of headroom is left`;
  return `${left}: the oplog of MongoDB spans ${seconds(windowMs)}, and the saved position is ${seconds(behindMs)} behind. After that every entity is scanned again (EMC-2021).`;
}

function unknown(reason: string): SourceOplogView {
  return { level: 'unknown', windowMs: null, behindMs: null, headroomMs: null, reason };
}
