/** Points between two steps of a cache file at which `crash-points.ts` can end a process. */
export const crashPointNames = [
  'before a cache commits',
  'after a cache has committed',
  'before the link of a cache moves',
  'after the link of a cache has moved',
  'before a generation is deleted',
] as const;
export type CrashPointName = (typeof crashPointNames)[number];
