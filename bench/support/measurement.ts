/** One figure of one run. Machines are noisy: compare figures within a run; never assert them in a test. */
export interface Measurement {
  /** What was measured, for example `oplog append, batch 2,000`. */
  readonly name: string;
  readonly value: number;
  readonly unit: 'ops/s' | 'entries' | 'ms' | 's' | 'MB' | 's per 100 k' | 'ratio';
  /** Lowest and highest of the runs behind the median. */
  readonly range?: readonly [number, number];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export interface RateOptions {
  readonly name: string;
  readonly runs: number;
  /** Does the work once and returns the number of operations. */
  readonly work: (run: number) => Promise<number> | number;
}

/** Operations per second, the median of `runs`. */
export async function measureRate({ name, runs, work }: RateOptions): Promise<Measurement> {
  const rates: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedAt = performance.now();
    const operations = await work(run);
    rates.push((operations / (performance.now() - startedAt)) * 1000);
  }
  return { name, value: median(rates), unit: 'ops/s', range: [Math.min(...rates), Math.max(...rates)] };
}
