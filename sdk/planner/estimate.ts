// How many bytes a step makes: at most, of its files narrowed to the columns that are read, and likely.

import { assumedRowBytes } from "../../proto/limits.ts";
import { inputsOf } from "../../proto/plan/inputs.ts";
import type { CacheNode, JoinNode, LogicalNode } from "../../proto/plan/logical.ts";
import type { DataType, Schema } from "../../proto/plan/types.ts";
import { groupsMax } from "./bounded-groups.ts";
import { isFileRead, isSourceRead, keptOutputOf, type PlanInputs } from "./plan-inputs.ts";
import { bytesRead } from "./read-stages.ts";
import { shareKept } from "./selectivity.ts";
import { sourceBytes } from "./source-stages.ts";

/** Bytes in the files' own encoding, and of what is kept. */
export interface Size {
  /** Of all that lies below. */
  readonly most: number;
  /** By the conditions on the way. Plans are chosen by it, so that a wrong one costs time alone. */
  readonly likely: number;
  /** Of the rows below, those that are likely left. */
  readonly share: number;
}

/** Of rows of which nothing but a function of the user says which are kept. */
const functionShare = 0.25;
/** Rows of groups, of rows. */
const groupsShare = 0.25;
/** A row that is not unusually long. */
const rowBytesMax = 4096;
/** Left rows without a partner. */
const antiShare = 0.5;

const shareOf = (bytes: number, most: number): number =>
  most === 0 ? 1 : Math.min(bytes / most, 1);

/** Sizes of the nodes of plans, each looked at once: nodes never change. */
export class PlanSizes {
  readonly #inputs: PlanInputs;
  readonly #known = new Map<LogicalNode, Size>();

  constructor(inputs: PlanInputs) {
    this.#inputs = inputs;
  }

  /** To be asked for nodes from the sources up, since a plan may be deeper than calls can nest. */
  of(node: LogicalNode): Size {
    const known = this.#known.get(node);
    if (known !== undefined) return known;
    const size = this.#sizeOf(node);
    this.#known.set(node, size);
    return size;
  }

  /** What was found to be kept of a node's input. */
  know(node: CacheNode, bytes: number): void {
    const share = shareOf(bytes, this.of(node.input).most);
    this.#known.set(node, { most: bytes, likely: bytes, share });
  }

  #sizeOf(node: LogicalNode): Size {
    const own = this.#bytesOfSource(node);
    const below = inputsOf(node).map((input) => this.of(input));
    // Semi joins hand on rows of the left alone.
    const isLeftOnly = node.kind === "join" && (node.type === "semi" || node.type === "anti");
    const passed = isLeftOnly ? below.slice(0, 1) : below;
    const most = Math.min(
      passed.reduce((all, size) => all + size.most, own),
      rowsMaxOf(node) * rowBytesMax,
    );
    const sum = below.reduce((all, { likely }) => all + likely, own);
    const likely = Math.min(likelyOf(node, below, sum), most);
    return { most, likely, share: shareOf(likely, most) };
  }

  #bytesOfSource(node: LogicalNode): number {
    if (node.kind === "kept") return keptOutputOf(this.#inputs, node).bytes;
    if (isFileRead(node)) return bytesRead(this.#inputs, node);
    return isSourceRead(node) ? sourceBytes(this.#inputs, node) : 0;
  }
}

/** One row without keys, lists apart, whose length nobody knows; of groups as many as their keys tell. */
function rowsMaxOf(node: LogicalNode): number {
  if (node.kind !== "aggregate") return Number.POSITIVE_INFINITY;
  if (node.keys.length > 0) return groupsMax(node);
  const isOneRow = node.aggregates.every(({ call }) => call.function !== "collectList");
  return isOneRow ? 1 : Number.POSITIVE_INFINITY;
}

function likelyOf(node: LogicalNode, below: readonly Size[], sum: number): number {
  switch (node.kind) {
    case "where":
      return sum * shareKept(node.predicate);
    case "filter":
      return sum * functionShare;
    case "sample":
      return sum * Math.min(node.fraction, 1);
    case "limit":
      return Math.min(sum, node.rows * assumedRowBytes);
    case "aggregate":
    case "distinct":
    case "reduceByKey":
    case "aggregateByKey":
    case "countByValue":
      return sum * groupsShare;
    case "join":
      return likelyJoin(node, below[0]!, below[1]!);
    default:
      return sum;
  }
}

/** As if the side with more rows to begin with held the keys of the other: each of them finds its share. */
function likelyJoin(node: JoinNode, left: Size, right: Size): number {
  switch (node.type) {
    case "semi":
      return left.likely * right.share;
    case "anti":
      return left.likely * antiShare;
    case "inner":
      return left.most < right.most ? right.likely * left.share : left.likely * right.share;
    default:
      return left.likely + right.likely;
  }
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
