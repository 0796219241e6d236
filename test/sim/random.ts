/** Seeded random numbers, the only source of randomness in a simulation. */

export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** A uniform 32-bit unsigned integer. */
  word(): number;
  /** A whole number in [0, count). */
  below(count: number): number;
  /** Uniform in [from, to). */
  between(from: number, to: number): number;
  chance(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  /** An independent source, so that the numbers drawn by one part of the simulation do not affect another part. */
  fork(): Random;
}

/** Picks an item with a probability proportional to its weight. */
export function pickWeighted<T>(random: Random, items: readonly (readonly [weight: number, item: T])[]): T {
  let luck = random.below(items.reduce((sum, [weight]) => sum + weight, 0));
  for (const [weight, item] of items) {
    luck -= weight;
    if (luck < 0) return item;
  }
  throw new Error("there is nothing to pick from");
}

/** Mulberry32: 32 bits of state, good enough for a simulation. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const word = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const next = () => word() / 2 ** 32;
  const below = (count: number) => Math.floor(next() * count);
  return {
    next,
    word,
    below,
    between: (from, to) => from + next() * (to - from),
    chance: (probability) => next() < probability,
    pick<T>(items: readonly T[]): T {
      return items[below(items.length)] as T;
    },
    fork: () => createRandom(word()),
  };
}
