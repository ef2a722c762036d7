// approxCountDistinct: HyperLogLog, as sparse as its groups are small.

import type { Column } from "../../../proto/batch/column.ts";
import { countColumn } from "../../../proto/batch/column.ts";
import { groupRows } from "../../kernels/columns/group-index.ts";
import { GroupTable } from "../../kernels/columns/group-table.ts";
import { hashKeyRows, keyRows } from "../../kernels/columns/key-rows.ts";
import { type Accumulator, grownBytes, grownInts } from "./accumulator.ts";
import { itemsOf } from "./lists.ts";

const registerBits = 12;
const registers = 1 << registerBits;
/** Bits of a hash of 64 that are not the number of a register. */
const rankBits = 64 - registerBits;
const rankShift = 6;

/** Seeds of the two halves of a hash, apart from that of partitions. */
const seeds = [0x243f6a88, 0x13198a2e] as const;

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let x = start;
  let y = 1;
  let z = x;
  for (let before = -1; z !== before; ) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let x = start;
  let y = 1;
  let z = 1 - x;
  for (let before = -1; z !== before; ) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) * (1 - x) * y;
  }
  return z / 3;
}

/**
 * How many different values made registers of which `counts[k]` have the rank k. Without tables of biases:
 * Ertl, "New cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6.
 */
export function estimateOf(counts: Float64Array): number {
  let z = registers * tau(1 - counts[rankBits + 1]! / registers);
  for (let k = rankBits; k >= 1; k--) z = 0.5 * (z + counts[k]!);
  z += registers * sigma(counts[0]! / registers);
  return (registers / z) * registers * (0.5 / Math.LN2);
}

/** The highest rank of each register that any value of its group reached. */
class Registers {
  private table = new GroupTable();
  private groups = new Int32Array(0);
  private numbers = new Int32Array(0);
  private ranks = new Uint8Array(0);

  get bytes(): number {
    const { groups, numbers, ranks } = this;
    return this.table.bytes + groups.byteLength + numbers.byteLength + ranks.byteLength;
  }

  add(groups: Int32Array, numbers: Int32Array, ranks: Uint8Array): void {
    const words = new Int32Array(2 * groups.length);
    for (let i = 0; i < groups.length; i++) {
      words[2 * i] = groups[i]!;
      words[2 * i + 1] = numbers[i]!;
    }
    const entries = this.table.add({ rows: groups.length, words, starts: undefined, width: 2 });
    const { size } = this.table;
    this.groups = grownInts(this.groups, size) as Int32Array<ArrayBuffer>;
    this.numbers = grownInts(this.numbers, size) as Int32Array<ArrayBuffer>;
    this.ranks = grownBytes(this.ranks, size) as Uint8Array<ArrayBuffer>;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i]!;
      this.groups[entry] = groups[i]!;
      this.numbers[entry] = numbers[i]!;
      if (ranks[i]! > this.ranks[entry]!) this.ranks[entry] = ranks[i]!;
    }
  }

  /** For each group its entries: number of the register and rank in one whole number. */
  lists(groupCount: number): Column {
    const { size } = this.table;
    const { starts, rows } = groupRows(this.groups.subarray(0, size), groupCount);
    const values = rows.map((entry) => (this.numbers[entry]! << rankShift) | this.ranks[entry]!);
    const base = { nulls: "null", validity: undefined } as const;
    const item = { ...base, name: "item", type: "int32", length: values.length, values } as const;
    return { ...base, name: "", type: "list", length: groupCount, offsets: starts, item };
  }

  estimates(groupCount: number): Float64Array {
    const { size } = this.table;
    const { starts, rows } = groupRows(this.groups.subarray(0, size), groupCount);
    const out = new Float64Array(groupCount);
    const counts = new Float64Array(rankBits + 2);
    for (let group = 0; group < groupCount; group++) {
      const from = starts[group]!;
      const to = starts[group + 1]!;
      if (from === to) continue;
      counts.fill(0);
      counts[0] = registers - (to - from);
      for (let at = from; at < to; at++) {
        const rank = this.ranks[rows[at]!]!;
        counts[rank] = counts[rank]! + 1;
      }
      out[group] = Math.round(estimateOf(counts));
    }
    return out;
  }
}

export function approxCountAccumulator(): Accumulator {
  const held = new Registers();
  return {
    skipsNulls: true,
    bytes: () => held.bytes,
    reserve: () => undefined,
    add: ([column], groups) => {
      const keys = keyRows([column!], groups.length);
      const [upper, lower] = seeds.map((seed) => hashKeyRows(keys, seed));
      const numbers = new Int32Array(groups.length);
      const ranks = new Uint8Array(groups.length);
      for (let i = 0; i < groups.length; i++) {
        numbers[i] = upper![i]! >>> (32 - registerBits);
        const low = lower![i]!;
        const rest = (upper![i]! << registerBits) | (1 << (registerBits - 1));
        ranks[i] = low !== 0 ? Math.clz32(low) + 1 : 33 + Math.clz32(rest);
      }
      held.add(groups, numbers, ranks);
    },
    merge: ([lists], groups) => {
      const { items, groups: own } = itemsOf(lists, groups);
      if (items.type !== "int32") return;
      const numbers = items.values.map((entry) => entry >> rankShift);
      const ranks = Uint8Array.from(items.values, (entry) => entry & ((1 << rankShift) - 1));
      held.add(own, numbers, ranks);
    },
    states: (groups) => [held.lists(groups)],
    result: (groups) => countColumn("", held.estimates(groups)),
  };
}
