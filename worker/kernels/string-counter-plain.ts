// The string counter in plain TypeScript over a Map: the reference to test the kernel against.
import { EngineError } from "../../proto/errors.ts";
import { partitionOf, stableHash32 } from "./stable-hash.ts";
import type { StringCountColumns } from "./string-counter.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

function columnsOf(entries: readonly (readonly [Uint8Array, number])[]): StringCountColumns {
  const offsets = new Int32Array(entries.length + 1);
  const counts = new Float64Array(entries.length);
  let length = 0;
  entries.forEach(([key, count], row) => {
    length += key.length;
    offsets[row + 1] = length;
    counts[row] = count;
  });
  const bytes = new Uint8Array(length);
  entries.forEach(([key], row) => {
    bytes.set(key, offsets[row]!);
  });
  return { rows: entries.length, offsets, bytes, counts };
}

export class StringCounterPlain {
  private readonly counts = new Map<string, number>();

  get size(): number {
    return this.counts.size;
  }

  add(values: readonly unknown[]): number {
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (typeof value !== "string") return index;
      if (/\p{Surrogate}/u.test(value)) {
        throw new EngineError("VALUE_UNSUPPORTED", "half of a surrogate pair has no UTF-8 form");
      }
      this.counts.set(value, (this.counts.get(value) ?? 0) + 1);
    }
    return values.length;
  }

  addUtf8(bytes: Uint8Array, offsets: Int32Array | Uint32Array, counts?: Float64Array): void {
    for (let row = 0; row + 1 < offsets.length; row++) {
      const key = decoder.decode(bytes.subarray(offsets[row]!, offsets[row + 1]!));
      this.counts.set(key, (this.counts.get(key) ?? 0) + (counts === undefined ? 1 : counts[row]!));
    }
  }

  drain(partitions: number): StringCountColumns[] {
    const parts: (readonly [Uint8Array, number])[][] = [];
    for (let index = 0; index < partitions; index++) parts.push([]);
    for (const [key, count] of this.counts) {
      const bytes = encoder.encode(key);
      parts[partitionOf(stableHash32(bytes), partitions)]!.push([bytes, count]);
    }
    this.counts.clear();
    return parts.map(columnsOf);
  }
}
