// Stable text of what one task runs; a part of the physical plan's text.

import { unreachable } from "../errors.ts";
import { alterationText } from "./altered-columns.ts";
import {
  columnText,
  exprText,
  namedAggregateText,
  namedText,
  namedWindowText,
  sortText,
} from "./expr-text.ts";
import type { WriteOptions } from "./logical.ts";
import { joinKeysText, keyText, rankLimitText } from "./node-text.ts";
import type {
  ClosureOperator,
  ColumnOperator,
  OperatorProgram,
  PartitionerProgram,
  SinkProgram,
  SourceProgram,
} from "./program.ts";
import { schemaText } from "./types.ts";

export function sourceText(source: SourceProgram): string {
  switch (source.kind) {
    case "shuffle":
      return `read shuffle of stage ${source.stageId}`;
    case "columns": {
      const columns = source.columns ?? source.options.schema.fields.map((field) => field.name);
      const pruning = source.pruning === undefined ? "" : ` pruning ${exprText(source.pruning)}`;
      const sampled = source.sampled === true ? " some row groups" : "";
      return `read ${source.format} #${source.node} [${columns.map(columnText).join(", ")}]${pruning}${sampled}`;
    }
    case "kept":
      return `kept #${source.node}`;
    case "source": {
      const columns = source.schema.fields.map(({ name }) => columnText(name)).join(", ");
      const filters = source.filtersJson === "[]" ? "" : ` where ${source.filtersJson}`;
      return `read ${source.name} #${source.node} [${columns}]${filters}`;
    }
    case "range":
      return `range #${source.node} ${source.start} to ${source.end} by ${source.step}`;
    case "branches":
      return source.branches
        .map((branch) => {
          const steps = [sourceText(branch.source), ...branch.operators.map(operatorText)];
          return `from task ${branch.firstTask}: ${steps.join(", ")}`;
        })
        .join("\n  ");
    default:
      return `read ${source.kind} #${source.node}`;
  }
}

function firstText(rowsMax: number | undefined): string {
  return rowsMax === undefined ? "" : ` first ${rowsMax}`;
}

export function operatorText(operator: OperatorProgram): string {
  const name = `${operator.kind} #${operator.node}`;
  switch (operator.kind) {
    case "encodeRows":
      return name;
    case "watchColumns":
      return `${name} ${operator.needs.map((need) => columnText(need.name)).join(", ")}`;
    case "limit":
      return `${name} ${operator.rows}${operator.offset === undefined ? "" : ` from ${operator.offset}`}`;
    case "countByValue":
    case "reduceByKey":
    case "aggregateByKey":
      return `${name} ${operator.phase}`;
    case "sort":
      return `${name} ${keyText(operator.key)}${firstText(operator.rowsMax)}`;
    case "rangeBounds":
      return `${name} ${keyText(operator.key)} for ${operator.partitions}`;
    case "map":
    case "flatMap":
    case "filter":
    case "mapPartitions":
    case "mapBatches":
    case "mapAsync":
    case "forEach":
    case "groupByKey":
      return `${name}${closureText(operator)}`;
    default:
      return `${name}${columnOperatorText(operator)}`;
  }
}

function closureText(operator: ClosureOperator): string {
  if (operator.kind === "mapAsync") {
    const rate = operator.ratePerSecond === 0 ? "" : ` at ${operator.ratePerSecond}/s`;
    return ` ${operator.concurrency} at once${rate}`;
  }
  return operator.kind === "groupByKey" && operator.sorted ? " sorted" : "";
}

function columnOperatorText(operator: ColumnOperator): string {
  switch (operator.kind) {
    case "conform":
      return ` ${schemaText(operator.schema)}`;
    case "select":
      return ` ${operator.columns.map(namedText).join(", ")}`;
    case "alter":
      return ` ${alterationText(operator)}`;
    case "where":
      return ` ${exprText(operator.predicate)}`;
    case "aggregate": {
      const keys = operator.keys.map(namedText).join(", ");
      const made = operator.aggregates.map(namedAggregateText).join(", ");
      return ` ${operator.phase} by ${keys === "" ? "nothing" : keys}: ${made}`;
    }
    case "sortBy":
      return ` ${operator.keys.map(sortText).join(", ")}${firstText(operator.rowsMax)}`;
    case "sortBounds":
      return ` ${operator.keys.map(sortText).join(", ")} for ${operator.partitions}`;
    case "distinct": {
      const { on, isPartial = false } = operator;
      const columns = on === undefined ? "" : ` on ${on.map(columnText).join(", ")}`;
      return `${isPartial ? " partial" : ""}${columns}`;
    }
    case "window":
      return ` ${operator.windows.map(namedWindowText).join(", ")}`;
    case "rankLimit": {
      const { partitionBy, orderBy, limit } = operator;
      const order = orderBy.length === 0 ? "" : ` order by ${orderBy.map(sortText).join(", ")}`;
      return `${rankLimitText(limit)} of ${partitionBy.map(exprText).join(", ")}${order}`;
    }
    case "explode":
      return ` ${columnText(operator.column)}${operator.outer ? " outer" : ""}`;
    case "sample":
      return ` ${operator.fraction} seed ${operator.seed}`;
    case "join": {
      const keys = operator.on.length === 0 ? "" : ` on ${joinKeysText(operator.on)}`;
      const more = operator.condition === undefined ? "" : ` where ${exprText(operator.condition)}`;
      const { build } = operator;
      return ` ${operator.type}${keys}${more}, ${build.pipeline} streams, stage ${build.stageId} is kept`;
    }
    case "intersect":
    case "except":
      return `${operator.all ? " all" : ""} with stage ${operator.stageId}`;
    case "joinByKey":
      return ` ${operator.type} with stage ${operator.stageId}`;
    case "cogroup":
      return ` with stage ${operator.stageId}`;
    default:
      return unreachable(operator);
  }
}

/** Only what is not as usual. */
export function writeOptionsText(options: WriteOptions | undefined): string {
  if (options === undefined) return "";
  const { partitionBy, fileBytesTarget, compression, header, delimiter } = options;
  return [
    ...(partitionBy === undefined ? [] : [` by ${partitionBy.map(columnText).join(", ")}`]),
    ...(fileBytesTarget === undefined ? [] : [` files of ${fileBytesTarget}`]),
    ...(compression === undefined ? [] : [` ${compression}`]),
    ...(header === undefined ? [] : [header ? " header" : " no header"]),
    ...(delimiter === undefined ? [] : [` ${JSON.stringify(delimiter)}`]),
  ].join("");
}

export function sinkText(sink: SinkProgram): string {
  switch (sink.kind) {
    case "shuffle":
      return `shuffle ${partitionerText(sink.partitioner)}`;
    case "collect":
    case "count":
    case "arrow":
      return sink.kind;
    case "stage":
    case "publish":
    case "discard":
      return `${sink.kind} ${sink.name} #${sink.node}`;
    case "output":
      return `write ${sink.format} ${sink.folderUri}${writeOptionsText(sink.options)}`;
    default:
      return unreachable(sink);
  }
}

function partitionerText(partitioner: PartitionerProgram): string {
  switch (partitioner.kind) {
    case "hash":
      return `by hash of ${partitioner.column}`;
    case "hashColumns":
      return `by hash of ${partitioner.keys === "all" ? "rows" : partitioner.keys.map(exprText).join(", ")}`;
    case "even":
      return "evenly";
    case "closure":
      return `by function of #${partitioner.node}`;
    case "single":
      return "to one";
    case "holdAndSample":
      return `held, samples of ${keyText(partitioner.key)} to ${partitioner.samplePartition}`;
    case "holdAndSampleBy": {
      const keys = partitioner.keys.map(sortText).join(", ");
      return `held, samples of ${keys} to ${partitioner.samplePartition}`;
    }
    case "sampleBy":
      return `samples of ${partitioner.keys.map(sortText).join(", ")}`;
    case "range":
      return `by range of ${keyText(partitioner.key)} within bounds of stage ${partitioner.boundsStageId}`;
    case "rangeBy": {
      const keys = partitioner.keys.map(sortText).join(", ");
      return `by range of ${keys} within bounds of stage ${partitioner.boundsStageId}`;
    }
    default:
      return unreachable(partitioner);
  }
}
