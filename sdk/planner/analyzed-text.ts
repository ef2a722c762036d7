// The text of `explain` with `analyze`: the stages that ran, and what each operator did in all their tasks.

import type { CounterValues } from "../../proto/plan/bundle.ts";
import { operatorText, sinkText, sourceText } from "../../proto/plan/program-text.ts";
import type { StageGraph } from "../../proto/plan/stage.ts";

interface NotedStage {
  readonly stageId: number;
  readonly label: string;
  readonly tasks: number;
  /** Only the run tells how many of these tasks there were: it cut partitions, or followed a stage that did. */
  readonly elastic?: "cut" | "follows";
  readonly source: string;
  /** Operators, then the sink. */
  readonly steps: readonly string[];
}

/** What a graph carries along, so that every replay of the driver can show it. */
export function analysisNote(graph: StageGraph): string {
  const stages = graph.stages.map(
    ({ stageId, label, taskCount, program, coalesce, follows }): NotedStage => ({
      stageId,
      label,
      tasks: taskCount,
      ...(coalesce === undefined ? {} : { elastic: "cut" }),
      ...(follows === undefined ? {} : { elastic: "follows" }),
      source: sourceText(program.source),
      steps: [...program.operators.map(operatorText), sinkText(program.sink)],
    }),
  );
  return JSON.stringify(stages);
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

function millisecondsText(nanoseconds: number): string {
  return `${(nanoseconds / 1e6).toFixed(nanoseconds < 1e7 ? 2 : 0)} ms`;
}

const tasksOf = (count: number): string => `${count} ${count === 1 ? "task" : "tasks"}`;

function tasksText({ tasks, elastic }: NotedStage, ran: number = tasks): string {
  if (elastic === undefined || ran === tasks) return tasksOf(tasks);
  return elastic === "cut" ? `${tasks} partitions read by ${tasksOf(ran)}` : tasksOf(ran);
}

/** What one operator did in all tasks of its stage. */
function operatorNumbers(values: ReadonlyMap<string, number>, name: string, rows: number): string {
  const bytes = bytesText(values.get(`${name}:bytes`) ?? 0);
  const time = millisecondsText(values.get(`${name}:nanoseconds`) ?? 0);
  const thread = values.get(`max:${name}:thread`);
  const peak =
    thread === undefined
      ? `peak ${bytesText(values.get(`max:${name}:peak`) ?? 0)}`
      : `thread's peak ${bytesText(thread)}`;
  return `${rows} rows, ${bytes}, ${time}, ${peak}`;
}

/** `counters`: sums over the tasks of a stage; memory is the most that any of them had. */
export function analyzedText(note: string, counters: CounterValues): string {
  const values = new Map(counters);
  const stages = JSON.parse(note) as readonly NotedStage[];
  const lines = stages.flatMap((stage) => {
    const stepLines = stage.steps.map((step, index) => {
      const name = `op:${stage.stageId}:${index}`;
      const rows = values.get(`${name}:rows`);
      // A stage that was kept from an earlier action did not run.
      return `  ${step}${rows === undefined ? "" : `: ${operatorNumbers(values, name, rows)}`}`;
    });
    const tasks = tasksText(stage, values.get(`tasks:${stage.stageId}`));
    const read = values.get(`in:${stage.stageId}:rows`);
    const from =
      read === undefined
        ? stage.source
        : `${stage.source}: ${read} rows, ${bytesText(values.get(`in:${stage.stageId}:bytes`) ?? 0)}`;
    return [`stage ${stage.stageId}: ${stage.label}, ${tasks}`, `  ${from}`, ...stepLines];
  });
  return lines.map((line) => `${line}\n`).join("");
}
