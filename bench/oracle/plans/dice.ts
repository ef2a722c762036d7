// Choices drawn from a list of numbers, so that a shorter list or smaller numbers mean a simpler plan.

export class Dice {
  private readonly numbers: readonly number[];
  private at = 0;

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
  }

  /** From 0 to `below` (excluded); 0 once the numbers are used up. */
  upTo(below: number): number {
    return below < 1 ? 0 : (this.numbers[this.at++] ?? 0) % below;
  }

  oneOf<T>(items: readonly T[]): T {
    return items[this.upTo(items.length)]!;
  }

  /** True once in `times`. */
  isRare(times: number): boolean {
    return this.upTo(times) === times - 1;
  }

  /** Some of the items, at least `min`, in their order. */
  some<T>(items: readonly T[], min = 1): readonly T[] {
    const picked = items.filter(() => this.upTo(2) === 0);
    return picked.length >= min ? picked : items.slice(0, min);
  }
}

/** Spreads a seed over all 32 bits. */
export function mixed(seed: number, salt: number): number {
  let mix = Math.imul(seed ^ (salt * 0x9e3779b1), 0x85ebca6b);
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35);
  return (mix ^ (mix >>> 16)) >>> 0;
}
