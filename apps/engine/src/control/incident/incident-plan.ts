import type { Cause, FleetCauses } from '@emcachers/core/fleet-cause';
import type {
  IncidentCandidate,
  IncidentKey,
  IncidentReport,
  IncidentStep,
  KnownIncident,
  KnownIncidents,
} from '@emcachers/db/control/incident-keeping';
import { type Holds, nextStep, type Sighting, type StateStep } from './incident-state.ts';

/** An outage of PostgreSQL that is over. Ages are milliseconds. */
export interface RecordedOutage {
  readonly beganAgeMs: number;
  readonly endedAgeMs: number;
  readonly entities: readonly string[];
}

/** What the status says, to be compared with what PostgreSQL knows. */
export interface Findings extends FleetCauses {
  /** Null unless it is to be recorded. */
  readonly outage: RecordedOutage | null;
}

/** Names of entities and nodes that an incident keeps. */
const namesMax = 100;
/** Incidents that may be open; the causes beyond it are left out. */
const openMax = 500;

/** The steps from what PostgreSQL knows to what the status says. Pure. */
export function planIncidents(known: KnownIncidents, findings: Findings, holds: Holds): readonly IncidentStep[] {
  const outage = outageStep(known, findings);
  const room = openMax - known.incidents.filter(isOpen).length;
  const matters = mattersOf(known, findings).filter(({ key }) => outage === null || keyOf(key) !== keyOf(outage));
  const steps = matters.flatMap((matter) => stepsOf(matter, { nowMs: known.nowMs, holds }));
  return [...(outage === null ? [] : [outage]), ...withinRoom(steps, room)];
}

/** All that is known of one subject and code. */
interface Matter {
  readonly key: IncidentKey;
  readonly cause: Cause | null;
  readonly incident: KnownIncident | null;
  readonly candidate: IncidentCandidate | null;
  readonly sighting: Sighting;
}

function mattersOf({ incidents, candidates }: KnownIncidents, { causes, undecided }: Findings): readonly Matter[] {
  const [caused, opened, watched] = [byKey(causes), byKey(incidents), byKey(candidates)];
  const keys = byKey<IncidentKey>([...causes, ...incidents, ...candidates]);
  return [...keys].map(([name, { subject, errorCode }]) => {
    const cause = caused.get(name) ?? null;
    const unseen = undecided.has(subject) ? 'undecided' : 'gone';
    return {
      ...{
        key: { subject, errorCode },
        cause,
        incident: opened.get(name) ?? null,
        candidate: watched.get(name) ?? null,
      },
      sighting: cause === null ? unseen : 'seen',
    };
  });
}

function byKey<Keyed extends IncidentKey>(all: readonly Keyed[]): ReadonlyMap<string, Keyed> {
  return new Map(all.map((each) => [keyOf(each), each]));
}

function isOpen({ closedAtMs }: KnownIncident): boolean {
  return closedAtMs === null;
}

interface Moment {
  readonly nowMs: number;
  readonly holds: Holds;
}

function stepsOf(matter: Matter, moment: Moment): IncidentStep[] {
  const { cause, incident, candidate, sighting } = matter;
  const open = incident !== null && isOpen(incident) ? incident : null;
  const step = nextStep({ ...moment, sighting, isMomentous: cause?.isMomentous ?? false, open, candidate });
  return makers[step](matter, moment);
}

/** `see` and `open` are said only of a cause, `see` and `close` only of an incident. */
const makers: Readonly<Record<StateStep, (matter: Matter, moment: Moment) => IncidentStep[]>> = {
  none: () => [],
  watch: ({ key }) => [{ kind: 'watch', ...key }],
  unwatch: ({ key }) => [{ kind: 'unwatch', ...key }],
  close: ({ key, incident }) => (incident === null ? [] : [{ kind: 'close', id: incident.id, ...key }]),
  see: ({ cause, incident }, moment) => (cause === null || incident === null ? [] : seen(cause, incident, moment)),
  open: (matter, { nowMs }) => (matter.cause === null ? [] : opened(matter.cause, matter, nowMs)),
};

/** A cause that comes back a short time after its incident was closed opens the same one again. */
function opened(cause: Cause, { key, incident, candidate }: Matter, nowMs: number): IncidentStep[] {
  const unwatched: IncidentStep[] = candidate === null ? [] : [{ kind: 'unwatch', ...key }];
  const report = { ...key, ...reportOf(cause, incident), lastSeenAtMs: nowMs };
  if (incident !== null) return [...unwatched, { kind: 'reopen', id: incident.id, ...report }];
  const openedAtMs = Math.min(nowMs - (cause.ageMs ?? 0), candidate?.firstSeenAtMs ?? nowMs);
  return [...unwatched, { kind: 'open', ...report, openedAtMs }];
}

/** Of a cause that goes on, only news is written, and from time to time that it is still there. */
function seen(cause: Cause, incident: KnownIncident, { nowMs, holds }: Moment): IncidentStep[] {
  const report = reportOf(cause, incident);
  const isNews = report.entityCount > incident.entityCount || report.nodes.length > incident.nodes.length;
  const isDue = nowMs - incident.lastSeenAtMs >= holds.closeMs / 3;
  return isNews || isDue ? [{ kind: 'see', id: incident.id, ...report }] : [];
}

/** Everyone who has suffered from it since it was opened. */
function reportOf(
  { detail, entities, nodes }: Pick<Cause, 'detail' | 'entities' | 'nodes'>,
  incident: KnownIncident | null,
): IncidentReport {
  const all = [...new Set([...(incident?.entities ?? []), ...entities])];
  return {
    detail,
    entities: all.slice(0, namesMax),
    entityCount: Math.max(all.length, incident?.entityCount ?? 0),
    nodes: [...new Set([...(incident?.nodes ?? []), ...nodes])].slice(0, namesMax),
  };
}

/** Another engine may have recorded it: then its incident was last seen after the outage began. */
function outageStep(known: KnownIncidents, { outage }: Findings): (IncidentStep & IncidentKey) | null {
  if (outage === null) return null;
  const key: IncidentKey = { subject: 'postgresql', errorCode: 'EMC-3001' };
  const { beganAgeMs, endedAgeMs, entities } = outage;
  const [openedAtMs, lastSeenAtMs] = [known.nowMs - beganAgeMs, known.nowMs - endedAgeMs];
  const incident = known.incidents.find((each) => keyOf(each) === keyOf(key)) ?? null;
  if (incident !== null && incident.lastSeenAtMs >= openedAtMs) return null;
  const seconds = Math.round((beganAgeMs - endedAgeMs) / 1_000);
  const detail = `PostgreSQL did not answer for ${seconds} s. Nothing could be recorded meanwhile.`;
  const report = reportOf({ detail, entities, nodes: [] }, incident);
  if (incident !== null) return { kind: 'reopen', id: incident.id, ...key, ...report, lastSeenAtMs };
  return { kind: 'open', ...key, ...report, openedAtMs, lastSeenAtMs };
}

function withinRoom(steps: readonly IncidentStep[], room: number): readonly IncidentStep[] {
  let left = room;
  return steps.filter(({ kind }) => {
    if (kind !== 'open' && kind !== 'reopen') return true;
    left -= 1;
    return left >= 0;
  });
}

function keyOf({ subject, errorCode }: IncidentKey): string {
  return `${subject} ${errorCode}`;
}
