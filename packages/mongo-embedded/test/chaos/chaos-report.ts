/** What one run of everything at once found. */
export interface ChaosReport {
  readonly seed: number;
  operations: number;
  /** How often the server answered with each code. */
  readonly failures: Record<string, number>;
  pings: number;
  pingMsMax: number;
  residentBytesMax: number;
  /** Sentences about what the server did wrong. */
  readonly findings: string[];
}
