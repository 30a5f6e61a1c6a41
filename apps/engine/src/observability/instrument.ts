import { Counter, Gauge, type Registry } from 'prom-client';

/** A metric that each scrape sets from what the engine knows, whatever its type. */
export interface Instrument {
  set(value: number, labels?: Readonly<Record<string, string>>): void;
  /** Removes every value: an unknown value is absent, not 0. */
  clear(): void;
}

export interface InstrumentOptions {
  readonly name: string;
  readonly help: string;
  readonly registry: Registry;
  readonly labelNames?: readonly string[];
}

/** By Prometheus's rule, a name that ends in `_total` is a counter, and every other one here is a gauge. */
export function createInstrument({ name, help, registry, labelNames = [] }: InstrumentOptions): Instrument {
  const options = { name, help, labelNames, registers: [registry] };
  const instrument = name.endsWith('_total') ? new Counter(options) : new Gauge(options);
  return {
    set(value, labels = {}) {
      // A counter cannot be set: what is counted elsewhere begins again from 0.
      instrument.remove(labels);
      instrument.inc(labels, value);
    },
    // Without labels, `reset` would leave a 0.
    clear: () => (labelNames.length === 0 ? instrument.remove() : instrument.reset()),
  };
}
