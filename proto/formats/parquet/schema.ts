// The schema of a Parquet file as a tree of our types, with the levels by which nesting is stored.

import { EngineError } from "../../errors.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalPrecisionMax,
  decimalType,
  type Field,
  float64Type,
  instantType,
  int32Type,
  int53Type,
  int64Type,
  nullType,
  type Schema,
  utf8Type,
} from "../../plan/types.ts";
import { physicalTypes, type SchemaElement } from "./metadata.ts";

interface NodeBase {
  readonly name: string;
  readonly nullable: boolean;
}

export interface LeafNode extends NodeBase {
  readonly kind: "leaf";
  readonly type: DataType;
  readonly element: SchemaElement;
  /** Index among all leaves of the file. */
  readonly leaf: number;
  /** Level of definition at which there is a value. */
  readonly definition: number;
  readonly repetition: number;
}

export interface StructNode extends NodeBase {
  readonly kind: "struct";
  /** Level at which the struct is there. */
  readonly definition: number;
  readonly fields: readonly ParquetNode[];
}

export interface ListNode extends NodeBase {
  readonly kind: "list";
  /** Level at which the list is there, if only an empty one. */
  readonly definition: number;
  /** Level at which it has an item. */
  readonly itemDefinition: number;
  /** Level of repetition at which an item follows another of the same list. */
  readonly itemRepetition: number;
  readonly item: ParquetNode;
}

/** One column of the file, with what is nested in it. */
export type ParquetNode = LeafNode | StructNode | ListNode;

interface Walk {
  readonly elements: readonly SchemaElement[];
  at: number;
  leaves: number;
}

interface Levels {
  readonly definition: number;
  readonly repetition: number;
}

function timestampOf(utc: boolean): DataType {
  return utc ? instantType : { kind: "timestamp" };
}

/** The narrowest that holds all values. */
function integerType(bits: number, signed: boolean): DataType {
  if (bits < 32 || (bits === 32 && signed)) return int32Type;
  if (bits === 32) return int53Type;
  return signed ? int64Type : decimalType(20, 0);
}

function leafType(element: SchemaElement): DataType {
  const { logical, physical } = element;
  switch (logical?.kind) {
    case "string":
    case "enum":
    case "json":
      return utf8Type;
    case "date":
      return dateType;
    case "null":
      return nullType;
    case "float16":
      return float64Type;
    case "timestamp":
      return timestampOf(logical.utc);
    case "time":
      return logical.unit === "ms" ? int32Type : int53Type;
    case "integer":
      return integerType(logical.bits, logical.signed);
    case "decimal":
      if (logical.precision <= decimalPrecisionMax) {
        return decimalType(logical.precision, logical.scale);
      }
      throw new EngineError(
        "INPUT_MALFORMED",
        `column "${element.name}" is a decimal of ${logical.precision} digits, and at most ${decimalPrecisionMax} fit`,
      );
    default:
      break;
  }
  switch (physical) {
    case physicalTypes.boolean:
      return boolType;
    case physicalTypes.int32:
      return int32Type;
    case physicalTypes.int64:
      return int64Type;
    case physicalTypes.int96:
      // Without a zone: that is how Spark, Hive and Impala have meant it, and what others read it as.
      return { kind: "timestamp" };
    case physicalTypes.float:
    case physicalTypes.double:
      return float64Type;
    default:
      return binaryType;
  }
}

function next(walk: Walk): SchemaElement {
  const element = walk.elements[walk.at++];
  if (element !== undefined) return element;
  throw new EngineError("INPUT_MALFORMED", "its schema ends early");
}

/** A group's repeated child that is the item itself, as older writers stored lists. */
function isItemItself(repeated: SchemaElement, listName: string): boolean {
  if (repeated.physical !== undefined || repeated.children !== 1) return true;
  return repeated.name === "array" || repeated.name === `${listName}_tuple`;
}

function listOf(walk: Walk, group: SchemaElement, nullable: boolean, levels: Levels): ListNode {
  const repeated = walk.elements[walk.at];
  if (repeated?.repetition !== "repeated") {
    throw new EngineError("INPUT_MALFORMED", `the list "${group.name}" has no repeated items`);
  }
  const itemLevels = {
    definition: levels.definition + 1,
    repetition: levels.repetition + 1,
  };
  const isMap = group.logical?.kind === "map";
  let item: ParquetNode;
  if (isMap || isItemItself(repeated, group.name)) {
    item = nodeOf(walk, itemLevels, "item");
  } else {
    walk.at++;
    item = nodeOf(walk, itemLevels);
  }
  return {
    kind: "list",
    name: group.name,
    nullable,
    definition: levels.definition,
    itemDefinition: itemLevels.definition,
    itemRepetition: itemLevels.repetition,
    item,
  };
}

/** `as`: a repeated element that is taken as the item of its list. */
function nodeOf(walk: Walk, outer: Levels, as?: "item"): ParquetNode {
  const element = next(walk);
  if (element.repetition === "repeated" && as === undefined) {
    // A repeated field outside a list group is a list of its own, without nulls.
    walk.at--;
    return listOf(walk, { ...element, logical: undefined }, false, outer);
  }
  const nullable = element.repetition === "optional";
  const levels = nullable ? { ...outer, definition: outer.definition + 1 } : outer;
  const { name, logical } = element;
  if (element.physical !== undefined) {
    return {
      kind: "leaf",
      name,
      nullable,
      type: leafType(element),
      element,
      leaf: walk.leaves++,
      ...levels,
    };
  }
  if ((logical?.kind === "list" || logical?.kind === "map") && element.children === 1) {
    return listOf(walk, element, nullable, levels);
  }
  const fields: ParquetNode[] = [];
  for (let i = 0; i < element.children; i++) fields.push(nodeOf(walk, levels));
  return { kind: "struct", name, nullable, definition: levels.definition, fields };
}

/** The columns of a file. Throws INPUT_MALFORMED for schemas that make no sense. */
export function columnsOfElements(elements: readonly SchemaElement[]): readonly ParquetNode[] {
  const root = elements[0];
  if (root === undefined) throw new EngineError("INPUT_MALFORMED", "it has no schema");
  const walk: Walk = { elements, at: 1, leaves: 0 };
  const columns: ParquetNode[] = [];
  for (let i = 0; i < root.children; i++) {
    columns.push(nodeOf(walk, { definition: 0, repetition: 0 }));
  }
  return columns;
}

export function typeOfNode(node: ParquetNode): DataType {
  switch (node.kind) {
    case "leaf":
      return node.type;
    case "list":
      return { kind: "list", item: { ...fieldOfNode(node.item), name: "item" } };
    case "struct":
      return { kind: "struct", fields: node.fields.map(fieldOfNode) };
  }
}

export function fieldOfNode(node: ParquetNode): Field {
  const type = typeOfNode(node);
  return { name: node.name, type, nullable: node.nullable || type.kind === "null" };
}

export function schemaOfColumns(columns: readonly ParquetNode[]): Schema {
  return { fields: columns.map(fieldOfNode) };
}

/** All leaves below a node, in order. */
export function leavesOf(node: ParquetNode, found: LeafNode[] = []): LeafNode[] {
  switch (node.kind) {
    case "leaf":
      found.push(node);
      break;
    case "list":
      leavesOf(node.item, found);
      break;
    case "struct":
      for (const field of node.fields) leavesOf(field, found);
      break;
  }
  return found;
}
