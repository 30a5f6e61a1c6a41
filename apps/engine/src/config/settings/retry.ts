import { supervisorDefaults } from '../../runtime/supervisor.ts';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

/** How parts of the engine are restarted after a failure. */
export const retrySettings = {
  EMCACHERS_RETRY_DELAY_MS: numberSetting({
    unit: 'milliseconds',
    min: 1,
    max: 60000,
    standard: supervisorDefaults.backoff.delayMsBase,
    reason:
      'Upper bound of the first delay before a part of the engine that failed runs again. Delays double, with full jitter.',
  }),
  EMCACHERS_RETRY_DELAY_MS_MAX: numberSetting({
    unit: 'milliseconds',
    min: 1,
    max: 600000,
    standard: supervisorDefaults.backoff.delayMsMax,
    reason: 'Upper bound of every such delay.',
  }),
  EMCACHERS_RETRY_SUSTAINED_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 3600,
    standard: supervisorDefaults.sustainedMs / 1_000,
    reason: 'A part that ran for this long has recovered: its delays start again from the first.',
  }),
  EMCACHERS_BREAKER_FAILURES_MAX: numberSetting({
    unit: 'failures',
    min: 1,
    max: 1000,
    standard: supervisorDefaults.breaker.failuresMax,
    reason: 'Consecutive failures of MongoDB, PostgreSQL or the disk after which the circuit breaker of a part opens.',
  }),
  EMCACHERS_BREAKER_OPEN_SECONDS: numberSetting({
    unit: 'seconds',
    min: 1,
    max: 3600,
    standard: supervisorDefaults.breaker.openMs / 1_000,
    reason: 'How long an open circuit breaker waits before it tries once.',
  }),
} as const satisfies Record<string, Setting<unknown>>;
