import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

/** When an incident is opened and closed, and how long it is kept. */
export const incidentSettings = {
  EMCACHERS_INCIDENT_OPEN_SECONDS: numberSetting({
    unit: 'seconds',
    min: 0,
    max: 3_600,
    standard: 10,
    reason: 'A cause that the status names for this long opens an incident. A shorter one is only shown by the status.',
  }),
  EMCACHERS_INCIDENT_CLOSE_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 3_600,
    standard: 30,
    reason: 'An incident is closed once the status has not named its cause for this long.',
  }),
  EMCACHERS_INCIDENT_REOPEN_MINUTES: numberSetting({
    unit: 'minutes',
    min: 1,
    max: 10_080,
    standard: 30,
    reason:
      'A cause that comes back within this time opens the same incident again, which counts how often, instead of a new one.',
  }),
  EMCACHERS_INCIDENT_CHECK_MS: numberSetting({
    unit: 'milliseconds',
    min: 250,
    max: 60_000,
    standard: 2_000,
    reason: 'How often the causes that the status names are compared with the open incidents.',
  }),
  EMCACHERS_INCIDENT_DAYS: numberSetting({
    unit: 'days',
    min: 1,
    max: 3_650,
    standard: 90,
    reason: 'Incidents that were closed longer ago are removed.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
