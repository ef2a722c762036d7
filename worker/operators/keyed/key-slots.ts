// Keys by value with a number for each: two equal records or dates are one key, `"1"` and `1` are two.

import { canonicalText } from "../../kernels/canonical-text.ts";
import { isPrimitive } from "../canonical.ts";

interface ObjectSlot {
  readonly key: unknown;
  readonly slot: number;
}

/** Numbers from 0 in the order in which keys came. */
export class KeySlots {
  private readonly primitives = new Map<unknown, number>();
  private readonly objects = new Map<string, ObjectSlot>();

  get size(): number {
    return this.primitives.size + this.objects.size;
  }

  /** The key's number, or -1 where there is no such key. */
  find(key: unknown): number {
    const slot = isPrimitive(key)
      ? this.primitives.get(key)
      : this.objects.get(canonicalText(key))?.slot;
    return slot ?? -1;
  }

  /** Of a key that was not found. */
  add(key: unknown): number {
    const slot = this.size;
    if (isPrimitive(key)) this.primitives.set(key, slot);
    else this.objects.set(canonicalText(key), { key, slot });
    return slot;
  }

  /** In the order in which keys came: primitives first, then records, arrays and dates. */
  *entries(): Iterable<readonly [key: unknown, slot: number]> {
    yield* this.primitives;
    for (const { key, slot } of this.objects.values()) yield [key, slot];
  }

  clear(): void {
    this.primitives.clear();
    this.objects.clear();
  }
}
