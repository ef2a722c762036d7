// A map by value: two equal records or dates are one key, `"1"` and `1` are two.

import { canonicalText } from "../../kernels/canonical-text.ts";
import { isPrimitive } from "../canonical.ts";

interface Entry<Value> {
  readonly key: unknown;
  value: Value;
}

/** Keeps the order in which keys came: primitives first, then records, arrays and dates. */
export class KeyTable<Value> {
  private readonly primitives = new Map<unknown, Value>();
  private readonly objects = new Map<string, Entry<Value>>();

  get size(): number {
    return this.primitives.size + this.objects.size;
  }

  get(key: unknown): Value | undefined {
    return isPrimitive(key)
      ? this.primitives.get(key)
      : this.objects.get(canonicalText(key))?.value;
  }

  /** Whether there is such a key, also with the value undefined. */
  has(key: unknown): boolean {
    return isPrimitive(key) ? this.primitives.has(key) : this.objects.has(canonicalText(key));
  }

  set(key: unknown, value: Value): void {
    if (isPrimitive(key)) {
      this.primitives.set(key, value);
      return;
    }
    const text = canonicalText(key);
    const entry = this.objects.get(text);
    if (entry === undefined) this.objects.set(text, { key, value });
    else entry.value = value;
  }

  *entries(): Iterable<readonly [unknown, Value]> {
    yield* this.primitives;
    for (const { key, value } of this.objects.values()) yield [key, value];
  }

  clear(): void {
    this.primitives.clear();
    this.objects.clear();
  }
}
