// What a job costs that has nothing to do: from the shell, on a warm cluster, and in very many tasks.

import type { Row, Workload } from "../../protocol/workload.ts";
import { functionTask, jobTask, sqlTask } from "../common.ts";

const rows = 1000;

function shellRow(): Row {
  const params = { rows };
  const count = functionTask("count", params);
  return {
    name: "shell",
    title: "from the shell to a trivial result",
    fromShell: true,
    answer: {},
    tasks: () => ({
      millrace: jobTask("small", "trivial.job.ts", params),
      baseline: count,
      duckdb: sqlTask(`select count(*) from range(${rows})`),
      polars: count,
      spark: count,
      dask: count,
      ray: count,
    }),
  };
}

function warmRow(): Row {
  const { tasks } = shellRow();
  return { name: "warm", title: "a trivial job, warm", threeMasters: true, answer: {}, tasks };
}

const without = "it has no tasks of its own";

function manyTasksRow(tasks: number): Row {
  return {
    name: "tasks",
    title: `${tasks} trivial tasks`,
    inputRows: tasks,
    threeMasters: true,
    answer: {},
    without: { duckdb: without, polars: without },
    tasks: () => ({
      millrace: jobTask("small", "many-tasks.job.ts", { tasks }),
      baseline: functionTask("tasks", { tasks }),
      spark: functionTask("tasks", { tasks }),
      dask: functionTask("tasks", { tasks }),
      ray: functionTask("tasks", { tasks }),
    }),
  };
}

function shuffledTasksRow(tasks: number): Row {
  const unlike = "it has no shuffle of rows into as many tasks as told";
  return {
    name: "shuffled-tasks",
    title: `${tasks} trivial tasks, each behind a shuffle`,
    inputRows: tasks,
    threeMasters: true,
    answer: {},
    without: { duckdb: without, polars: without, dask: unlike, ray: unlike },
    tasks: () => ({
      millrace: jobTask("small", "shuffled-tasks.job.ts", { tasks }),
      baseline: functionTask("tasks", { tasks }),
      spark: functionTask("shuffled_tasks", { tasks }),
    }),
  };
}

export const small: Workload = {
  name: "small",
  title: "Jobs with nothing to do",
  prepare: async (_cache, size) => {
    const tasks = size === "smoke" ? 200 : 10_000;
    return {
      rows: [shellRow(), warmRow(), manyTasksRow(tasks), shuffledTasksRow(tasks)],
      files: [],
      data: "Numbers made by the jobs themselves; Spark's tasks are those of its JVM",
    };
  },
};
