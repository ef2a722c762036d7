// Stable text of one logical node, without what it reads: digests are taken of it.

import { unreachable } from "../errors.ts";
import { alterationText, renamesText } from "./altered-columns.ts";
import type { Expr, RankLimit } from "./expr.ts";
import {
  columnText,
  exprText,
  namedAggregateText,
  namedText,
  namedWindowText,
  sortText,
} from "./expr-text.ts";
import type {
  ClosureNode,
  ColumnarReadNode,
  ColumnNode,
  CsvOptions,
  JoinNode,
  KeyedNode,
  LogicalNode,
  RangeNode,
  SortKey,
  SourceReadNode,
  ValuesNode,
} from "./logical.ts";
import { schemaText } from "./types.ts";

/** `column "count" desc` */
export function keyText(key: SortKey): string {
  const by = key.by.kind === "column" ? `column ${JSON.stringify(key.by.name)}` : "closure";
  return `${by} ${key.direction}`;
}

/** `orderBy#3 column "count" desc` */
export function nodeText(node: LogicalNode): string {
  const text = argumentsText(node);
  return text === "" ? `${node.kind}#${node.id}` : `${node.kind}#${node.id} ${text}`;
}

/** With its schema: rows that read alike may be of other types, and no rows of other columns. */
function rangeText({ start, end, step, partitions }: RangeNode): string {
  const cut = partitions === undefined ? "" : ` in ${partitions} partitions`;
  return `${start} to ${end} by ${step}${cut}`;
}

function valuesText({ rows, rowsJson, schema }: ValuesNode): string {
  return `${rows} rows ${rowsJson}${schema === undefined ? "" : ` as ${schemaText(schema)}`}`;
}

function argumentsText(node: LogicalNode): string {
  switch (node.kind) {
    case "readText":
    case "readNdjson":
    case "readCheckpoint":
      return node.pattern;
    case "readCsv":
      return `${node.pattern} ${csvText(node.options)}`;
    case "readColumns":
      return columnsText(node);
    case "readSource":
      return sourceText(node);
    case "values":
      return valuesText(node);
    case "range":
      return rangeText(node);
    case "orderBy":
      return keyText(node.key) + firstText(node.rowsMax);
    case "limit":
      return `${node.rows}${node.offset === undefined ? "" : ` from ${node.offset}`}`;
    case "kept":
    case "cache":
      return "";
    case "join":
      return joinText(node);
    case "union":
    case "cogroup":
      return "";
    case "joinByKey":
      return node.type;
    case "intersect":
    case "except":
      return node.all ? "all" : "";
    case "map":
    case "flatMap":
    case "filter":
    case "mapPartitions":
    case "mapBatches":
    case "mapAsync":
    case "conform":
      return closureText(node);
    case "countByValue":
    case "reduceByKey":
    case "aggregateByKey":
    case "groupByKey":
    case "repartition":
      return keyedText(node);
    default:
      return columnNodeText(node);
  }
}

export function rankLimitText(limit: RankLimit | undefined): string {
  return limit === undefined ? "" : ` first ${limit.rowsMax} by ${limit.function}`;
}

function firstText(rowsMax: number | undefined): string {
  return rowsMax === undefined ? "" : ` first ${rowsMax}`;
}

function csvText({ header, delimiter, columns }: CsvOptions): string {
  const types = Object.keys(columns)
    .map((column) => `${JSON.stringify(column)}:${columns[column]}`)
    .join(" ");
  return `${header ? "header" : "no header"} ${JSON.stringify(delimiter)} {${types}}`;
}

function columnsText(node: ColumnarReadNode): string {
  const { schema, header, delimiter, nullText, partitionColumns } = node.options;
  return [
    node.format,
    node.pattern,
    ...(header === undefined ? [] : [header ? "header" : "no header"]),
    ...(delimiter === undefined ? [] : [JSON.stringify(delimiter)]),
    ...(nullText === undefined ? [] : [`null ${JSON.stringify(nullText)}`]),
    ...(partitionColumns === true ? ["partition columns"] : []),
    ...(schema === undefined ? [] : [schemaText(schema)]),
    ...(node.columns === undefined ? [] : [`[${node.columns.map(columnText).join(", ")}]`]),
    ...(node.pruning === undefined ? [] : [`pruning ${exprText(node.pruning)}`]),
  ].join(" ");
}

function sourceText({ name, about, options, columns, pruning }: SourceReadNode): string {
  return [
    name,
    ...(about === "" ? [] : [about]),
    ...(options.schema === undefined ? [] : [schemaText(options.schema)]),
    ...(columns === undefined ? [] : [`[${columns.map(columnText).join(", ")}]`]),
    ...(pruning === undefined ? [] : [`pruning ${exprText(pruning)}`]),
  ].join(" ");
}

export function joinKeysText(on: readonly { readonly left: Expr; readonly right: Expr }[]): string {
  return on.map(({ left, right }) => `${exprText(left)} = ${exprText(right)}`).join(" and ");
}

function joinText(node: JoinNode): string {
  return [
    node.type,
    ...(node.on.length === 0 ? [] : [`on ${joinKeysText(node.on)}`]),
    ...(node.condition === undefined ? [] : [`where ${exprText(node.condition)}`]),
    ...(node.rightNames.length === 0 ? [] : [`right ${renamesText(node.rightNames)}`]),
    ...(node.strategy === undefined ? [] : [node.strategy]),
  ].join(" ");
}

function closureText(node: ClosureNode): string {
  switch (node.kind) {
    case "mapBatches":
      return node.schema === undefined ? "" : schemaText(node.schema);
    case "conform":
      return schemaText(node.schema);
    case "mapAsync": {
      const rate = node.ratePerSecond === 0 ? "" : ` at ${node.ratePerSecond}/s`;
      return `${node.concurrency} at once${rate}`;
    }
    default:
      return "";
  }
}

function keyedText(node: KeyedNode): string {
  switch (node.kind) {
    case "aggregateByKey":
      return node.zeroJson;
    case "groupByKey":
      return node.sorted ? "sorted" : "";
    case "repartition": {
      const by =
        typeof node.by === "string" ? node.by : `hash of ${node.by.map(exprText).join(", ")}`;
      return `${node.partitions} by ${by}`;
    }
    default:
      return "";
  }
}

function columnNodeText(node: ColumnNode): string {
  switch (node.kind) {
    case "select":
      return node.columns.map(namedText).join(", ");
    case "alter":
      return alterationText(node);
    case "where":
      return exprText(node.predicate);
    case "aggregate": {
      const keys = node.keys.map(namedText).join(", ");
      return `by ${keys === "" ? "nothing" : keys}: ${node.aggregates.map(namedAggregateText).join(", ")}`;
    }
    case "sortBy":
      return node.keys.map(sortText).join(", ") + firstText(node.rowsMax);
    case "distinct":
      return node.on === undefined ? "" : `on ${node.on.map(columnText).join(", ")}`;
    case "window":
      return node.windows.map(namedWindowText).join(", ") + rankLimitText(node.limit);
    case "explode":
      return `${columnText(node.column)}${node.outer ? " outer" : ""}`;
    case "sample":
      return `${node.fraction} seed ${node.seed}`;
    default:
      return unreachable(node);
  }
}
