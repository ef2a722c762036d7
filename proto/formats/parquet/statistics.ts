// Ranges of columns from the statistics of a row group, in the types that the plan compares.

import { readDecimal } from "../../batch/decimal.ts";
import { EngineError } from "../../errors.ts";
import type { DataType } from "../../plan/types.ts";
import type { Bound, ColumnRange } from "../pruning.ts";
import { convertStored } from "./convert.ts";
import { type ColumnChunk, physicalTypes, type RowGroup } from "./metadata.ts";
import type { LeafNode, ParquetNode } from "./schema.ts";
import { plainValues, type Stored } from "./values.ts";

/** What our own writer calls itself: its bounds of floats are left out where a NaN occurs. */
export const writerName = "millrace";

function storedOf(leaf: LeafNode, bytes: Uint8Array): Stored {
  if (leaf.element.physical !== physicalTypes.byteArray) {
    return plainValues(leaf.element, { bytes, isLent: false }, 1);
  }
  return { kind: "bytes", offsets: Int32Array.of(0, bytes.length), values: bytes };
}

function boundOf(leaf: LeafNode, type: DataType, bytes: Uint8Array | undefined): Bound | undefined {
  // The order of INT96 was never told.
  if (bytes === undefined || leaf.element.physical === physicalTypes.int96) return undefined;
  try {
    const dense = convertStored(storedOf(leaf, bytes), leaf, type);
    switch (dense.kind) {
      case "int64":
        return readDecimal(dense.values, dense.words, 0);
      case "bytes":
        return type.kind === "utf8" ? dense.values : undefined;
      default:
        return dense.values[0];
    }
  } catch (thrown) {
    // Bounds are a hint: what does not convert says nothing, and the values themselves will be refused.
    if (thrown instanceof EngineError && thrown.code === "INPUT_MALFORMED") return undefined;
    throw thrown;
  }
}

function rangeOfChunk(
  leaf: LeafNode,
  type: DataType,
  chunk: ColumnChunk,
  createdBy: string,
): ColumnRange {
  const { statistics } = chunk;
  const nullCount = leaf.nullable ? statistics?.nullCount : 0;
  const min = boundOf(leaf, type, statistics?.min);
  const max = boundOf(leaf, type, statistics?.max);
  // NaN comes after all other numbers, and writers leave it out of the bounds.
  const isOpen = type.kind === "float64" && !createdBy.startsWith(writerName);
  return {
    type,
    min: Number.isNaN(min) ? undefined : min,
    max: isOpen || Number.isNaN(max) ? undefined : max,
    mayHaveNulls: nullCount !== 0,
    mayHaveValues: nullCount === undefined || nullCount < chunk.values,
  };
}

/** Only columns that are not nested have ranges. */
export function rangeInGroup(
  node: ParquetNode,
  type: DataType,
  group: RowGroup,
  createdBy: string,
): ColumnRange | undefined {
  if (node.kind !== "leaf") return undefined;
  const chunk = group.chunks[node.leaf];
  return chunk === undefined ? undefined : rangeOfChunk(node, type, chunk, createdBy);
}
