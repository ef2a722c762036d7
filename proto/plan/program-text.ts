// Stable text of what one task runs; a part of the physical plan's text.

import { unreachable } from "../errors.ts";
import type { SortKey } from "./logical.ts";
import type { OperatorProgram, PartitionerProgram, SinkProgram, SourceProgram } from "./program.ts";

/** `column "count" desc` */
export function keyText(key: SortKey): string {
  const by = key.by.kind === "column" ? `column ${JSON.stringify(key.by.name)}` : "closure";
  return `${by} ${key.direction}`;
}

export function sourceText(source: SourceProgram): string {
  return source.kind === "shuffle"
    ? `read shuffle of stage ${source.stageId}`
    : `read ${source.kind} #${source.node}`;
}

export function operatorText(operator: OperatorProgram): string {
  const name = `${operator.kind} #${operator.node}`;
  switch (operator.kind) {
    case "map":
    case "flatMap":
    case "filter":
      return name;
    case "limit":
      return `${name} ${operator.rows}`;
    case "countByValue":
    case "reduceByKey":
      return `${name} ${operator.phase}`;
    case "sort": {
      const top = operator.rowsMax === undefined ? "" : ` first ${operator.rowsMax}`;
      return `${name} ${keyText(operator.key)}${top}`;
    }
    case "rangeBounds":
      return `${name} ${keyText(operator.key)} for ${operator.partitions}`;
    default:
      return unreachable(operator);
  }
}

export function sinkText(sink: SinkProgram): string {
  switch (sink.kind) {
    case "shuffle":
      return `shuffle ${partitionerText(sink.partitioner)}`;
    case "collect":
    case "count":
      return sink.kind;
    case "output":
      return `write ${sink.format} ${sink.folderUri}`;
    default:
      return unreachable(sink);
  }
}

function partitionerText(partitioner: PartitionerProgram): string {
  switch (partitioner.kind) {
    case "hash":
      return `by hash of ${partitioner.column}`;
    case "single":
      return "to one";
    case "holdAndSample":
      return `held, samples of ${keyText(partitioner.key)} to ${partitioner.samplePartition}`;
    case "range":
      return `by range of ${keyText(partitioner.key)} within bounds of stage ${partitioner.boundsStageId}`;
    default:
      return unreachable(partitioner);
  }
}
