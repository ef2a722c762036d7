// Nested columns from the entries of their leaves: slots, validity and offsets out of levels.
//
// The levels are those of Dremel (Melnik et al., "Dremel: Interactive Analysis of Web-Scale Datasets",
// VLDB 2010): the repetition level says at which list an entry goes on, the definition level how much of
// its path is there.

import { buildColumnAs } from "../../batch/build-column.ts";
import type { Column } from "../../batch/column.ts";
import { assert, EngineError } from "../../errors.ts";
import { type DataType, type Field, typeText } from "../../plan/types.ts";
import type { ColumnArrays } from "./column-rooms.ts";
import { type Dense, scatterDense, type Unpacked, unpackedDense } from "./dense.ts";
import type { LeafEntries } from "./leaf-reader.ts";
import { type LeafNode, leavesOf, type ParquetNode, typeOfNode } from "./schema.ts";

/** How one wanted field is made. `guide`: a leaf below whose levels tell of the node itself. */
export type ReadPlan =
  | { readonly kind: "leaf"; readonly field: Field; readonly node: LeafNode }
  | {
      readonly kind: "struct";
      readonly field: Field;
      readonly definition: number;
      readonly fields: readonly ReadPlan[];
      readonly guide: LeafNode;
    }
  | {
      readonly kind: "list";
      readonly field: Field;
      readonly definition: number;
      readonly itemDefinition: number;
      readonly itemRepetition: number;
      readonly item: ReadPlan;
      readonly guide: LeafNode;
    }
  /** The file has no such column: nulls. */
  | { readonly kind: "missing"; readonly field: Field };

function doesNotFit(node: ParquetNode, wanted: Field): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `column "${node.name}" holds ${typeText(typeOfNode(node))}, where the schema says ${typeText(wanted.type)}`,
  );
}

function lacks(field: Field): EngineError {
  return new EngineError(
    "INPUT_MALFORMED",
    `it has no column "${field.name}", which the schema says is never null`,
  );
}

export function planMissing(field: Field): ReadPlan {
  if (field.nullable) return { kind: "missing", field };
  throw lacks(field);
}

/** How a field is read from a node of the file. Throws INPUT_MALFORMED where the types do not fit. */
export function planField(node: ParquetNode, field: Field): ReadPlan {
  const { type } = field;
  switch (node.kind) {
    case "leaf":
      if (type.kind === "list" || type.kind === "struct") {
        // A file in which the column never had a value does not know what its values would be: one of a list that
        // is always empty may yet be never null.
        if (node.type.kind === "null") return { kind: "missing", field };
        throw doesNotFit(node, field);
      }
      return { kind: "leaf", field, node };
    case "struct": {
      if (type.kind !== "struct") throw doesNotFit(node, field);
      const fields = type.fields.map((wanted) => {
        const child = node.fields.find(({ name }) => name === wanted.name);
        return child === undefined ? planMissing(wanted) : planField(child, wanted);
      });
      const guide = guideOf(fields) ?? leavesOf(node)[0];
      if (guide === undefined) throw doesNotFit(node, field);
      return { kind: "struct", field, definition: node.definition, fields, guide };
    }
    case "list": {
      if (type.kind !== "list") throw doesNotFit(node, field);
      const item = planField(node.item, type.item);
      const guide = guideOf([item]) ?? leavesOf(node)[0];
      if (guide === undefined) throw doesNotFit(node, field);
      const { definition, itemDefinition, itemRepetition } = node;
      return { kind: "list", field, definition, itemDefinition, itemRepetition, item, guide };
    }
  }
}

function guideOf(plans: readonly ReadPlan[]): LeafNode | undefined {
  for (const plan of plans) {
    if (plan.kind === "leaf") return plan.node;
    if (plan.kind !== "missing") return plan.guide;
  }
  return undefined;
}

/** Leaves that have to be read, and the types that their values become. */
export function leavesOfPlan(
  plan: ReadPlan,
  found: Map<LeafNode, DataType> = new Map(),
): Map<LeafNode, DataType> {
  switch (plan.kind) {
    case "leaf":
      found.set(plan.node, plan.field.type);
      break;
    case "struct":
      if (!found.has(plan.guide)) found.set(plan.guide, plan.guide.type);
      for (const field of plan.fields) leavesOfPlan(field, found);
      break;
    case "list":
      if (!found.has(plan.guide)) found.set(plan.guide, plan.guide.type);
      leavesOfPlan(plan.item, found);
      break;
    case "missing":
      break;
  }
  return found;
}

/** What surrounds a node: entries that begin a slot of it repeat at most at this level, and are defined. */
interface Outer {
  readonly repetition: number;
  readonly definition: number;
}

export type EntriesOf = (leaf: LeafNode) => LeafEntries;

interface Slots {
  readonly slots: number;
  /** Undefined where all are valid. */
  readonly validity: Uint8Array | undefined;
  readonly valid: number;
}

/** Slots of a node by the levels of one leaf; valid where the definition reaches `level`. */
function slotsOf(entries: LeafEntries, outer: Outer, level: number): Slots {
  const { count, definitions, repetitions } = entries;
  if (repetitions === undefined && definitions === undefined) {
    return { slots: count, validity: undefined, valid: count };
  }
  const bits = new Uint8Array((count + 7) >> 3);
  let slots = 0;
  let valid = 0;
  for (let at = 0; at < count; at++) {
    if (repetitions !== undefined && repetitions[at]! > outer.repetition) continue;
    const definition = definitions === undefined ? 255 : definitions[at]!;
    if (definition < outer.definition) continue;
    if (definition >= level) {
      bits[slots >> 3]! |= 1 << (slots & 7);
      valid++;
    }
    slots++;
  }
  const validity = valid === slots ? undefined : bits.subarray(0, (slots + 7) >> 3);
  return { slots, validity, valid };
}

interface Items {
  readonly offsets: Int32Array;
}

function offsetsOf(
  entries: LeafEntries,
  outer: Outer,
  plan: { readonly itemDefinition: number; readonly itemRepetition: number },
  slots: number,
): Items {
  const { count, definitions, repetitions } = entries;
  const offsets = new Int32Array(slots + 1);
  let slot = -1;
  let items = 0;
  for (let at = 0; at < count; at++) {
    const repetition = repetitions === undefined ? 0 : repetitions[at]!;
    const definition = definitions === undefined ? 255 : definitions[at]!;
    if (definition < outer.definition) continue;
    if (repetition <= outer.repetition) {
      slot++;
      offsets[slot] = items;
    }
    if (definition >= plan.itemDefinition && repetition <= plan.itemRepetition) items++;
  }
  offsets[slots] = items;
  return { offsets };
}

function packBits(bytes: Uint8Array): Uint8Array {
  const bits = new Uint8Array((bytes.length + 7) >> 3);
  for (let i = 0; i < bytes.length; i++) bits[i >> 3]! |= bytes[i]! << (i & 7);
  return bits;
}

interface NameAndType {
  readonly name: string;
  readonly type: DataType;
}

type SlotsAndNulls = Pick<Slots, "slots" | "validity">;

/** Values without nulls, put in their slots, as a column of the type. */
export function columnOfDense(
  field: NameAndType,
  dense: Dense,
  slots: SlotsAndNulls,
  arrays?: ColumnArrays,
): Column {
  return columnOfUnpacked(field, unpackedDense(dense, arrays), slots);
}

/** Each kind is written out: what comes behind a spread in a literal is added by the engine's slow path, each time. */
export function columnOfUnpacked(
  { name, type }: NameAndType,
  unpacked: Unpacked,
  { slots: length, validity }: SlotsAndNulls,
): Column {
  const nulls = "null";
  if (type.kind === "null") return { name, length, nulls, validity: undefined, type: "null" };
  const placed = validity === undefined ? unpacked : scatterDense(unpacked, validity, length);
  switch (placed.kind) {
    case "int32": {
      const { values } = placed;
      assert(type.kind === "int32" || type.kind === "date", `${type.kind} of 32 bits`);
      return { name, length, nulls, validity, type: type.kind, values };
    }
    case "int64": {
      const { values } = placed;
      if (type.kind === "timestamp") {
        return { name, length, nulls, validity, type: "timestamp", zone: type.zone, values };
      }
      if (type.kind === "decimal") {
        const { precision, scale } = type;
        return { name, length, nulls, validity, type: "decimal", precision, scale, values };
      }
      assert(type.kind === "int53" || type.kind === "int64", `${type.kind} of 64 bits`);
      return { name, length, nulls, validity, type: type.kind, values };
    }
    case "float64":
      return { name, length, nulls, validity, type: "float64", values: placed.values };
    case "bool":
      return { name, length, nulls, validity, type: "bool", values: packBits(placed.values) };
    case "codes": {
      const { codes, dictionary } = placed;
      return { name, length, nulls, validity, type: "dictionary", codes, dictionary };
    }
    case "bytes": {
      assert(
        type.kind === "utf8" || type.kind === "binary" || type.kind === "json",
        `${type.kind} of bytes`,
      );
      const { offsets, values } = placed;
      return { name, length, nulls, validity, type: type.kind, offsets, values };
    }
  }
}

function assemble(
  plan: ReadPlan,
  entriesOf: EntriesOf,
  outer: Outer,
  slots: number,
  arrays?: ColumnArrays,
): Column {
  switch (plan.kind) {
    case "missing": {
      const { name, type, nullable } = plan.field;
      if (slots > 0 && !nullable) throw lacks(plan.field);
      return buildColumnAs(name, type, new Array<null>(slots).fill(null), "null");
    }
    case "leaf": {
      const entries = entriesOf(plan.node);
      const own = slotsOf(entries, outer, plan.node.definition);
      return columnOfDense(plan.field, entries.values, own, arrays);
    }
    case "struct": {
      const own = slotsOf(entriesOf(plan.guide), outer, plan.definition);
      const fields = plan.fields.map((field) => assemble(field, entriesOf, outer, own.slots));
      const { name } = plan.field;
      const { validity } = own;
      return { name, type: "struct", length: own.slots, nulls: "null", validity, fields };
    }
    case "list": {
      const entries = entriesOf(plan.guide);
      const own = slotsOf(entries, outer, plan.definition);
      const { offsets } = offsetsOf(entries, outer, plan, own.slots);
      const inner = { repetition: plan.itemRepetition, definition: plan.itemDefinition };
      const item = assemble(plan.item, entriesOf, inner, offsets[own.slots]!);
      const { name } = plan.field;
      const base = { name, length: own.slots, nulls: "null", validity: own.validity } as const;
      return { ...base, type: "list", offsets, item: { ...item, name: "item" } };
    }
  }
}

/** A column of `rows` rows; one that is not nested is written to `arrays`. */
export function assembleColumn(
  plan: ReadPlan,
  entriesOf: EntriesOf,
  rows: number,
  arrays?: ColumnArrays,
): Column {
  const column = assemble(plan, entriesOf, { repetition: 0, definition: 0 }, rows, arrays);
  assert(column.length === rows, `column ${column.name} has ${column.length} of ${rows} rows`);
  return column;
}
