// Columns to the entries of their leaves: levels and values without nulls. The inverse of assemble.ts.

import type { Column } from "../../batch/column.ts";

/** One leaf of a batch; levels are undefined where all are the highest (or, repeated, where none is). */
export interface ShreddedLeaf {
  readonly column: Exclude<Column, { type: "list" | "struct" }>;
  readonly entries: number;
  readonly definitions: Uint8Array | undefined;
  readonly repetitions: Uint8Array | undefined;
  /** Slots of the column that hold values, in order; undefined where all do. */
  readonly slots: Int32Array | undefined;
  readonly values: number;
}

interface Entries {
  readonly count: number;
  /** Slot of the column, or -1 where something above is null or empty. Undefined: all in order. */
  readonly slots: Int32Array | undefined;
  readonly definitions: Uint8Array | undefined;
  readonly repetitions: Uint8Array | undefined;
  readonly definition: number;
  readonly repetition: number;
}

function isSet(bits: Uint8Array | undefined, at: number): boolean {
  return bits === undefined || ((bits[at >> 3]! >> (at & 7)) & 1) === 1;
}

function levels(count: number, level: number): Uint8Array {
  return new Uint8Array(count).fill(level);
}

/** Every node may be null, so each adds a level; entries of nulls stay at the level below. */
function enter(entries: Entries, column: Column): Entries {
  const definition = entries.definition + 1;
  const bits = column.type === "null" ? new Uint8Array((column.length + 7) >> 3) : column.validity;
  const { count } = entries;
  if (bits === undefined && entries.slots === undefined) return { ...entries, definition };
  const definitions = entries.definitions?.slice() ?? levels(count, entries.definition);
  const slots = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const slot = entries.slots === undefined ? i : entries.slots[i]!;
    if (slot >= 0 && isSet(bits, slot)) {
      definitions[i] = definition;
      slots[i] = slot;
    } else slots[i] = -1;
  }
  return { ...entries, slots, definitions, definition };
}

/** One entry for each item; lists that are null or empty keep one of their own. */
function expand(entries: Entries, offsets: Int32Array): Entries {
  const { count } = entries;
  const slotOf = (i: number) => (entries.slots === undefined ? i : entries.slots[i]!);
  let total = 0;
  for (let i = 0; i < count; i++) {
    const slot = slotOf(i);
    total += slot < 0 ? 1 : Math.max(1, offsets[slot + 1]! - offsets[slot]!);
  }
  const slots = new Int32Array(total);
  const definitions = new Uint8Array(total);
  const repetitions = new Uint8Array(total);
  const definition = entries.definition + 1;
  const repetition = entries.repetition + 1;
  let at = 0;
  for (let i = 0; i < count; i++) {
    const slot = slotOf(i);
    const own = entries.definitions === undefined ? entries.definition : entries.definitions[i]!;
    const items = slot < 0 ? 0 : offsets[slot + 1]! - offsets[slot]!;
    repetitions[at] = entries.repetitions === undefined ? 0 : entries.repetitions[i]!;
    if (items === 0) {
      slots[at] = -1;
      definitions[at] = own;
      at++;
      continue;
    }
    for (let item = 0; item < items; item++) {
      slots[at] = offsets[slot]! + item;
      definitions[at] = definition;
      if (item > 0) repetitions[at] = repetition;
      at++;
    }
  }
  return { count: total, slots, definitions, repetitions, definition, repetition };
}

function leafOf(entries: Entries, column: ShreddedLeaf["column"]): ShreddedLeaf {
  const { count, definitions, repetitions, slots } = entries;
  if (slots === undefined) {
    const all = { column, entries: count, definitions: undefined, slots: undefined };
    return { ...all, repetitions, values: count };
  }
  let values = 0;
  const held = new Int32Array(count);
  for (let i = 0; i < count; i++) if (slots[i]! >= 0) held[values++] = slots[i]!;
  return {
    column,
    entries: count,
    definitions,
    repetitions,
    slots: held.subarray(0, values),
    values,
  };
}

function shred(column: Column, outer: Entries, out: ShreddedLeaf[]): void {
  const entries = enter(outer, column);
  switch (column.type) {
    case "list":
      shred(column.item, expand(entries, column.offsets), out);
      break;
    case "struct":
      for (const field of column.fields) shred(field, entries, out);
      break;
    default:
      out.push(leafOf(entries, column));
  }
}

/** The leaves of a column, in the order of its type. */
export function shredColumn(column: Column): readonly ShreddedLeaf[] {
  const out: ShreddedLeaf[] = [];
  const base = { definitions: undefined, repetitions: undefined, slots: undefined };
  shred(column, { count: column.length, ...base, definition: 0, repetition: 0 }, out);
  return out;
}
