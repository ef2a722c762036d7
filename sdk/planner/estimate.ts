// How many bytes a step may make at most: of its files, narrowed to the columns that are read.

import { assumedRowBytes } from "../../proto/limits.ts";
import { inputsOf, planNodes } from "../../proto/plan/inputs.ts";
import type { LogicalNode } from "../../proto/plan/logical.ts";
import type { DataType, Schema } from "../../proto/plan/types.ts";
import { isFileRead, isSourceRead, keptOutputOf, type PlanInputs } from "./plan-inputs.ts";
import { bytesRead } from "./read-stages.ts";
import { sourceBytes } from "./source-stages.ts";

/** Bytes of the files below each node, in the files' own encoding, and of what is kept there. */
export function bytesBelow(
  last: LogicalNode,
  inputs: PlanInputs,
): ReadonlyMap<LogicalNode, number> {
  const bytes = new Map<LogicalNode, number>();
  for (const node of planNodes(last)) {
    const own = bytesOfSource(node, inputs);
    const below = inputsOf(node).reduce((sum, input) => sum + bytes.get(input)!, own);
    bytes.set(node, below);
  }
  return bytes;
}

function bytesOfSource(node: LogicalNode, inputs: PlanInputs): number {
  if (node.kind === "kept") return keptOutputOf(inputs, node).bytes;
  if (isFileRead(node)) return bytesRead(inputs, node);
  return isSourceRead(node) ? sourceBytes(inputs, node) : 0;
}

const bytesOfText = 16;

function widthOf(type: DataType): number {
  switch (type.kind) {
    case "null":
    case "bool":
      return 1;
    case "int32":
    case "date":
      return 4;
    case "utf8":
    case "binary":
      return bytesOfText;
    case "json":
    case "any":
    case "list":
      return 2 * bytesOfText;
    case "struct":
      return type.fields.reduce((sum, field) => sum + widthOf(field.type), 0);
    default:
      return 8;
  }
}

/** Of so many rows, in memory. */
export function bytesOfRows(rows: number, schema: Schema | undefined): number {
  if (schema === undefined) return rows * assumedRowBytes;
  return rows * schema.fields.reduce((sum, field) => sum + widthOf(field.type), 0);
}
