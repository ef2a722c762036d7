// Builds the sink of a task's program.

import { type Batch, batchRows } from "../../proto/batch/batch.ts";
import { unreachable } from "../../proto/errors.ts";
import { sinkWrite } from "../../proto/plan/connector.ts";
import type { PartitionerProgram } from "../../proto/plan/program.ts";
import type { TaskSpec } from "../../proto/ports/executor.ts";
import type { TaskMemory } from "../memory/task-memory.ts";
import { keyReader } from "../operators/sort-keys.ts";
import type { UserCode } from "../operators/user-code.ts";
import { fileSink } from "../output/file-sink.ts";
import { lineSink } from "../output/line-sink.ts";
import { type OwnSink, publishSink, stageSink } from "../output/own-sink.ts";
import { arrowSink, collectSink, countSink } from "../output/result-sinks.ts";
import type { Sink } from "../output/sink.ts";
import { ColumnSample } from "../shuffle/column-sample.ts";
import { evenBatches, hashBatches, rangeBatches } from "../shuffle/partition-batches.ts";
import {
  closurePartitioner,
  hashPartitioner,
  rangePartitioner,
} from "../shuffle/partition-rows.ts";
import { readShuffle } from "../shuffle/read-shuffle.ts";
import { sealedPath } from "../shuffle/sealed-files.ts";
import { type Routing, shuffleSink } from "../shuffle/shuffle-sink.ts";
import type { ClosureOf } from "./pipeline.ts";
import type { TaskWorld } from "./run.ts";
import { inputOfStage } from "./task-source.ts";

async function boundBatches(
  spec: TaskSpec,
  world: TaskWorld,
  stageId: number,
): Promise<readonly Batch[]> {
  const input = inputOfStage(spec, stageId);
  const { taskIndex, actionIndex } = spec;
  const { jobId } = spec.context;
  const bounds: Batch[] = [];
  for await (const part of readShuffle(world, { jobId, actionIndex, taskIndex, input })) {
    bounds.push(...part.batches);
  }
  return bounds;
}

async function routingOf(
  partitioner: PartitionerProgram,
  spec: TaskSpec,
  world: TaskWorld,
  closureOf: ClosureOf,
  user: UserCode,
): Promise<Routing> {
  switch (partitioner.kind) {
    case "single":
      return { kind: "one", partition: 0 };
    case "hash": {
      const { column, partitions } = partitioner;
      return { kind: "hashed", column, partitioner: hashPartitioner(column, partitions) };
    }
    case "holdAndSample": {
      const { samplePartition, samplesMax } = partitioner;
      return { kind: "sampled", partition: 0, samplePartition, samplesMax };
    }
    case "range": {
      const { key, node, boundsStageId, partitions } = partitioner;
      const isClosure = key.by.kind === "closure";
      const closure = isClosure ? (closureOf(node) as (row: unknown) => unknown) : undefined;
      const keys = keyReader(key, closure, spec.program.operators.length, user);
      const bounds = (await boundBatches(spec, world, boundsStageId)).flatMap(batchRows);
      return {
        kind: "each",
        partitioner: rangePartitioner(key.direction, keys, bounds, partitions),
      };
    }
    case "hashColumns":
      return { kind: "columns", partitionOf: hashBatches(partitioner) };
    case "even":
      return { kind: "columns", partitionOf: evenBatches(partitioner.partitions, spec.taskIndex) };
    case "closure": {
      const { node, partitions } = partitioner;
      const choose = closureOf(node) as (row: unknown) => unknown;
      const index = spec.program.operators.length;
      return { kind: "each", partitioner: closurePartitioner(choose, partitions, index, user) };
    }
    case "holdAndSampleBy": {
      const { keys, samplePartition, samplesMax } = partitioner;
      const sample = new ColumnSample(keys, samplesMax);
      return { kind: "sampledColumns", partition: 0, samplePartition, sample };
    }
    case "sampleBy": {
      const { keys, samplesMax } = partitioner;
      const sample = new ColumnSample(keys, samplesMax);
      return { kind: "sampledColumns", partition: undefined, samplePartition: 0, sample };
    }
    case "rangeBy": {
      const { keys, boundsStageId, partitions } = partitioner;
      const bounds = await boundBatches(spec, world, boundsStageId);
      return { kind: "columns", partitionOf: rangeBatches(keys, bounds, partitions) };
    }
    default:
      return unreachable(partitioner);
  }
}

export async function buildSink(
  spec: TaskSpec,
  world: TaskWorld,
  closureOf: ClosureOf,
  user: UserCode,
  memory: TaskMemory,
): Promise<Sink> {
  const { sink } = spec.program;
  const { jobId } = spec.context;
  const { taskIndex, token } = spec;
  switch (sink.kind) {
    case "collect":
      return collectSink();
    case "count":
      return countSink();
    case "arrow":
      return arrowSink(sink.schema);
    case "stage":
    case "publish":
    case "discard": {
      const label = `${sink.kind} ${sink.name}#${sink.node}`;
      const ask = closureOf(sink.node) as OwnSink["ask"];
      const outside: OwnSink = { user, clock: world.clock, label, ask };
      if (sink.kind === "stage") {
        const write = sinkWrite(jobId, spec.actionIndex);
        return stageSink(outside, { jobId, taskIndex, token, write });
      }
      const kind = sink.kind === "publish" ? "commit" : "abort";
      return publishSink(outside, kind, sinkWrite(jobId, sink.writeIndex));
    }
    case "output": {
      const { format, folderUri } = sink;
      const target = { store: world.store, folderUri, jobId, taskIndex, token };
      const { partitionBy = [], fileBytesTarget, compression = "none" } = sink.options ?? {};
      const isPlain = partitionBy.length === 0 && fileBytesTarget === undefined;
      if ((format === "text" || format === "ndjson") && isPlain && compression === "none") {
        return lineSink(format, target);
      }
      const own = memory.operator(user.labels.at(-1)!);
      return fileSink(format, sink.options ?? {}, target, own);
    }
    case "shuffle": {
      const { actionIndex, stageId } = spec;
      const routing = await routingOf(sink.partitioner, spec, world, closureOf, user);
      const path = sealedPath({ jobId, actionIndex, stageId, taskIndex, token });
      return shuffleSink({
        routing,
        partitions: spec.outputPartitions,
        files: world.files,
        path,
        memory: memory.operator(user.labels.at(-1)!),
        tellsPartitionBytes: spec.tellsPartitionBytes === true,
      });
    }
    default:
      return unreachable(sink);
  }
}
