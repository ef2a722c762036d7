// What tasks of a simulated job compute: rows that say where they came from, so that a lost, doubled or
// foreign one shows in the output. The same functions, without any cluster, are the oracle.

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

/** Which map tasks of an input a task reads, and which partition of them. */
export function readsOf(
  stage: StagePlan,
  input: number,
  taskIndex: number,
  producerTasks: number,
): { readonly maps: readonly number[]; readonly partition: number } {
  const { maps, partition } = stage.inputs[input]!;
  return {
    maps: maps === "own" ? [taskIndex] : Array.from({ length: producerTasks }, (_, at) => at),
    partition: partition === "own" ? taskIndex : partition,
  };
}

/** Rows of each task of the last stage, computed one after the other. */
export function oracleRows(of: Computation): Rows {
  const made: Rows[][] = [];
  for (const stage of of.graph.stages) {
    const outputs: Rows[] = [];
    for (let taskIndex = 0; taskIndex < stage.taskCount; taskIndex++) {
      const inputs = stage.inputs.flatMap(({ stageId }, input) => {
        const producer = made[stageId]!;
        const { maps, partition } = readsOf(stage, input, taskIndex, producer.length);
        return maps.map((map) => producer[map]![partition]!);
      });
      outputs.push(computeTask(of, stage, taskIndex, 0, inputs));
    }
    made.push(outputs);
  }
  return made.at(-1)!.map((rows) => rows[0]!);
}

export const textOf = (rows: readonly Row[]): string => rows.map((row) => `${row}\n`).join("");
