import { randomFrom } from '../../apps/engine/test/support/seeded-random.ts';

/** Every random choice of a run comes from here, so that a seed repeats the choices (not the timing of what runs at once). */
export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = randomFrom(seed);
  }

  /** From 0 up to but not including `bound`. */
  below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }

  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new RangeError('There is nothing to pick from.');
    return item;
  }

  /** `weight` says how often, relative to the others. */
  weighted<Item extends { readonly weight: number }>(items: readonly Item[]): Item {
    let left = this.#random() * items.reduce((sum, { weight }) => sum + weight, 0);
    for (const item of items) {
      left -= item.weight;
      if (left < 0) return item;
    }
    return this.pick(items);
  }

  /** For a part that runs beside others, so that their order does not change its choices. */
  fork(): Dice {
    return new Dice(this.below(2 ** 31));
  }
}
