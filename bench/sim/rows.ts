// What tasks of a simulated job compute: rows that say where they came from, so that a lost, doubled or
// foreign one shows in the output. The same functions, without any cluster, are the oracle.

import {
  cutPartitions,
  type PartitionRange,
  partitionsOfTask,
  readsPartitions,
} from "../../proto/plan/partition-cuts.ts";
import type { StageGraph, StagePlan } from "../../proto/plan/stage.ts";

export type Row = string;

/** Rows by partition. */
export type Rows = readonly (readonly Row[])[];

export interface Computation {
  readonly jobId: string;
  readonly graph: StageGraph;
  /** Its sources give other rows, in other partitions, with every attempt. */
  readonly isNondeterministic: boolean;
}

export function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) >>> 0;
}

const rowsPerSourceMax = 6;

function sourceRows(of: Computation, stageId: number, taskIndex: number, token: number): Row[] {
  const name = `${of.jobId}.${of.graph.actionIndex}.${stageId}.${taskIndex}`;
  const suffix = of.isNondeterministic ? `#${token}` : "";
  const count = 1 + (hashOf(name) % rowsPerSourceMax);
  return Array.from({ length: count }, (_, at) => `${name}.${at}${suffix}`);
}

/** One attempt of one task; `inputs` in the order of its stage's inputs, their maps in index order. */
export function computeTask(
  of: Computation,
  stage: StagePlan,
  taskIndex: number,
  token: number,
  inputs: readonly (readonly Row[])[],
): Rows {
  const rows =
    stage.inputs.length === 0 ? sourceRows(of, stage.stageId, taskIndex, token) : inputs.flat();
  if (stage.output.kind !== "shuffle") return [rows];
  const partitions: Row[][] = Array.from({ length: stage.output.partitions }, () => []);
  for (const row of rows) partitions[hashOf(row) % partitions.length]!.push(row);
  return partitions;
}

/** What a task reports of the sizes of its partitions. */
export const partitionBytesOf = (rows: Rows): readonly number[] =>
  rows.map((partition) => textOf(partition).length);

/** The rows of some partitions side by side of one map task. */
export const rowsIn = (rows: Rows, { first, count }: PartitionRange): readonly Row[] =>
  rows.slice(first, first + count).flat();

/** The partitions that each task of the stage reads of the inputs that it shares out. */
function rangesOf(stage: StagePlan, made: readonly Rows[][]): readonly PartitionRange[] {
  const { coalesce, follows, taskCount, inputs } = stage;
  if (coalesce === undefined) {
    const count = follows === undefined ? taskCount : made[follows]!.length;
    return Array.from({ length: count }, (_, first) => ({ first, count: 1 }));
  }
  const sums = new Array<number>(taskCount).fill(0);
  for (const { stageId } of inputs.filter(readsPartitions)) {
    for (const bytes of made[stageId]!.map(partitionBytesOf)) {
      for (const [partition, size] of bytes.entries()) sums[partition]! += size;
    }
  }
  const starts = cutPartitions(sums, coalesce.targetBytes);
  return starts.map((_, task) => partitionsOfTask(starts, taskCount, task));
}

/** Rows of each task of the last stage, computed one after the other. */
export function oracleRows(of: Computation): Rows {
  const made: Rows[][] = [];
  for (const stage of of.graph.stages) {
    const outputs = rangesOf(stage, made).map((own, taskIndex) => {
      const inputs = stage.inputs.flatMap(({ stageId, maps, partition }) => {
        const producer = made[stageId]!;
        const range = partition === "own" ? own : { first: partition, count: 1 };
        const read = maps === "own" ? [producer[taskIndex]!] : producer;
        return read.map((rows) => rowsIn(rows, range));
      });
      return computeTask(of, stage, taskIndex, 0, inputs);
    });
    made.push(outputs);
  }
  return made.at(-1)!.map((rows) => rows[0]!);
}

export const textOf = (rows: readonly Row[]): string => rows.map((row) => `${row}\n`).join("");
