// Values of one leaf without its nulls, as they come out of pages, ready to become a column.

import type { TextColumn } from "../../batch/column.ts";
import { assert, unreachable } from "../../errors.ts";
import type { ColumnArrays } from "./column-rooms.ts";
import { writtenOut } from "./look-up.ts";
import { PageCodes } from "./page-codes.ts";

export type Dense =
  | Written
  /** Texts: a column may keep these as they are. */
  | { readonly kind: "codes"; readonly codes: PageCodes; readonly dictionary: TextColumn }
  /** Other values: `lookUp` writes them out, where they are wanted at all. */
  | { readonly kind: "coded"; readonly codes: PageCodes; readonly dictionary: Written };

/** Each value by itself. */
export type Written =
  | { readonly kind: "int32"; readonly values: Int32Array }
  /** `words` per value: two for wide decimals, the lower first. */
  | { readonly kind: "int64"; readonly values: BigInt64Array; readonly words: 1 | 2 }
  | { readonly kind: "float64"; readonly values: Float64Array }
  /** One byte each. */
  | { readonly kind: "bool"; readonly values: Uint8Array }
  | { readonly kind: "bytes"; readonly offsets: Int32Array; readonly values: Uint8Array };

export function denseLength(dense: Dense): number {
  switch (dense.kind) {
    case "bytes":
      return dense.offsets.length - 1;
    case "codes":
    case "coded":
      return dense.codes.length;
    case "int64":
      return dense.values.length / dense.words;
    default:
      return dense.values.length;
  }
}

/** A view of the values from `from` to before `to`. */
export function sliceDense(dense: Dense, from: number, to: number): Dense {
  if (from === 0 && to === denseLength(dense)) return dense;
  switch (dense.kind) {
    case "bytes":
      return { ...dense, offsets: dense.offsets.subarray(from, to + 1) };
    case "codes":
    case "coded":
      return { ...dense, codes: dense.codes.slice(from, to) };
    case "int64": {
      const { words } = dense;
      return { ...dense, values: dense.values.subarray(from * words, to * words) };
    }
    case "int32":
      return { ...dense, values: dense.values.subarray(from, to) };
    case "float64":
      return { ...dense, values: dense.values.subarray(from, to) };
    case "bool":
      return { ...dense, values: dense.values.subarray(from, to) };
    default:
      return unreachable(dense);
  }
}

type DenseBytes = Extract<Dense, { kind: "bytes" }>;

function joinBytes(parts: readonly DenseBytes[], count: number): DenseBytes {
  const size = (part: DenseBytes) => part.offsets[part.offsets.length - 1]! - part.offsets[0]!;
  const values = new Uint8Array(parts.reduce((sum, part) => sum + size(part), 0));
  const offsets = new Int32Array(count + 1);
  let row = 0;
  let end = 0;
  for (const part of parts) {
    const start = part.offsets[0]!;
    values.set(part.values.subarray(start, start + size(part)), end);
    const shift = end - start;
    for (let i = 1; i < part.offsets.length; i++) offsets[++row] = part.offsets[i]! + shift;
    end += size(part);
  }
  return { kind: "bytes", offsets, values };
}

function joinArrays<T extends { set(from: T, at: number): void; readonly length: number }>(
  parts: readonly T[],
  out: T,
): T {
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** Codes of all parts, where these are of one dictionary. */
function joinedCodes(parts: readonly Dense[]): Dense | undefined {
  const [first] = parts;
  if (first?.kind !== "codes" && first?.kind !== "coded") return undefined;
  const codes: PageCodes[] = [];
  for (const part of parts) {
    if (part.kind !== first.kind || part.dictionary !== first.dictionary) return undefined;
    codes.push(part.codes);
  }
  return { ...first, codes: PageCodes.join(codes) };
}

/** All values end to end; the same object where there is one part only. */
export function joinDense(parts: readonly Dense[]): Dense {
  const [only] = parts;
  assert(only !== undefined, "nothing to join");
  if (parts.length === 1) return only;
  const count = parts.reduce((sum, part) => sum + denseLength(part), 0);
  return (
    joinedCodes(parts) ??
    joinWritten(
      parts.map((part) => writtenOut(part)),
      count,
    )
  );
}

function joinWritten(parts: readonly Written[], count: number): Written {
  const first = parts[0]!;
  switch (first.kind) {
    case "int32":
      return { ...first, values: joinArrays(valuesOf(parts, "int32"), new Int32Array(count)) };
    case "int64": {
      const out = new BigInt64Array(count * first.words);
      return { ...first, values: joinArrays(valuesOf(parts, "int64"), out) };
    }
    case "float64":
      return { ...first, values: joinArrays(valuesOf(parts, "float64"), new Float64Array(count)) };
    case "bool":
      return { ...first, values: joinArrays(valuesOf(parts, "bool"), new Uint8Array(count)) };
    case "bytes":
      return joinBytes(
        parts.map((part) => {
          assert(part.kind === "bytes", `a part is ${part.kind}, not bytes`);
          return part;
        }),
        count,
      );
    default:
      return unreachable(first);
  }
}

interface ValuesByKind {
  readonly int32: Int32Array;
  readonly int64: BigInt64Array;
  readonly float64: Float64Array;
  readonly bool: Uint8Array;
}

function valuesOf<K extends keyof ValuesByKind>(
  parts: readonly Written[],
  kind: K,
): readonly ValuesByKind[K][] {
  return parts.map((part) => {
    assert(part.kind === kind && "values" in part, `a part is ${part.kind}, not ${kind}`);
    return part.values as ValuesByKind[K];
  });
}

/** Of a column: codes of texts are unpacked, and others looked up. */
export type Unpacked =
  | Written
  | { readonly kind: "codes"; readonly codes: Int32Array; readonly dictionary: TextColumn };

export function unpackedDense(dense: Dense, arrays?: ColumnArrays): Unpacked {
  switch (dense.kind) {
    case "codes":
      return { ...dense, codes: dense.codes.read(undefined, arrays) };
    case "coded":
      return writtenOut(dense, arrays);
    default:
      return dense;
  }
}

/** Values at their slots: dense ones go where `bits` are set, in order; others are 0 or empty. */
export function scatterDense(dense: Unpacked, bits: Uint8Array, slots: number): Unpacked {
  switch (dense.kind) {
    case "int32":
      return { ...dense, values: scatter(dense.values, new Int32Array(slots), bits) };
    case "float64":
      return { ...dense, values: scatter(dense.values, new Float64Array(slots), bits) };
    case "bool":
      return { ...dense, values: scatter(dense.values, new Uint8Array(slots), bits) };
    case "codes":
      return { ...dense, codes: scatter(dense.codes, new Int32Array(slots), bits) };
    case "int64": {
      const out = new BigInt64Array(slots * dense.words);
      // By halves: moving a BigInt would cost an allocation each.
      const from = new Int32Array(
        dense.values.buffer,
        dense.values.byteOffset,
        dense.values.length * 2,
      );
      const to = new Int32Array(out.buffer);
      const halves = dense.words * 2;
      for (let slot = 0, next = 0; slot < slots; slot++) {
        if (((bits[slot >> 3]! >> (slot & 7)) & 1) === 0) continue;
        for (let half = 0; half < halves; half++) to[slot * halves + half] = from[next++]!;
      }
      return { ...dense, values: out };
    }
    case "bytes": {
      const offsets = new Int32Array(slots + 1);
      let at = dense.offsets[0]!;
      offsets[0] = at;
      for (let slot = 0, next = 0; slot < slots; slot++) {
        if (((bits[slot >> 3]! >> (slot & 7)) & 1) === 1) at = dense.offsets[++next]!;
        offsets[slot + 1] = at;
      }
      return { ...dense, offsets };
    }
    default:
      return unreachable(dense);
  }
}

function scatter<T extends { [index: number]: number }>(
  from: T,
  to: T & { readonly length: number },
  bits: Uint8Array,
) {
  for (let slot = 0, next = 0; slot < to.length; slot++) {
    if (((bits[slot >> 3]! >> (slot & 7)) & 1) === 1)
      (to as { [index: number]: number })[slot] = from[next++]!;
  }
  return to;
}
