import { z } from 'zod';
import { snapshotDefaults } from '../../pipeline/sqlite-cache/snapshot/snapshot-limits.ts';
import { numberSetting } from './schemas.ts';
import type { Setting } from './setting.ts';

const bytesPerMegabyte = 1024 * 1024;
const folder = z.string().min(1, 'is empty');

/** Snapshots of caches, and the start from one. */
export const snapshotSettings = {
  EMCACHERS_SNAPSHOT_DIR: {
    schema: folder,
    standard: null,
    unit: 'directory',
    reason:
      'Holds the snapshots of this node, in a folder of its name. Nodes may share it, and start from the snapshots of each other. If unset, snapshots in the data directory.',
    reader: 'engine',
  },
  EMCACHERS_SNAPSHOT_START_DIR: {
    schema: folder,
    standard: null,
    unit: 'directory',
    reason:
      'A second folder in which this node looks for a snapshot to start a cache from, for example a mounted one. Never written to.',
    reader: 'engine',
  },
  EMCACHERS_SNAPSHOTS_KEPT: numberSetting({
    unit: 'snapshots',
    min: 1,
    max: 1_000,
    standard: snapshotDefaults.kept,
    reason: 'How many snapshots of each entity a node keeps. The oldest is deleted after a new one is complete.',
  }),
  EMCACHERS_SNAPSHOT_MB_PER_SECOND: numberSetting({
    unit: 'MB per second',
    min: 1,
    max: 100_000,
    standard: snapshotDefaults.bytesPerSecond / bytesPerMegabyte,
    reason: 'How fast a snapshot is copied and read at most, so that it does not hold up changes and readers.',
  }),
  EMCACHERS_SNAPSHOT_FREE_MB: numberSetting({
    unit: 'MB',
    min: 0,
    max: 1_000_000_000,
    standard: snapshotDefaults.freeBytesMin / bytesPerMegabyte,
    reason:
      'Space that a snapshot, or a start from one, leaves free on its disk. Without it, it is refused (EMC-4008).',
  }),
} as const satisfies Record<string, Setting<unknown>>;
