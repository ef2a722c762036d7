// Which lines short tasks leave in the log.

import { expect, test } from "vitest";
import { endedTasksPerLineMax } from "../proto/limits.ts";
import { silentLog } from "../proto/ports/log.ts";
import { EndedTasks, rangesText } from "./ended-tasks.ts";

function open() {
  const lines: unknown[] = [];
  const log = {
    ...silentLog,
    info: (event: string, fields = {}) => lines.push({ event, ...fields }),
  };
  return { lines, ended: new EndedTasks(log) };
}

test("tasks of a lease share a line, in the order they ended", () => {
  const { lines, ended } = open();
  for (const index of [3, 4, 5, 9, 8]) ended.add("job/a0/s1", index, 17);
  ended.add("job/a0/s1", 6, 18);
  ended.flush();
  ended.flush();
  expect(lines).toEqual([
    { event: "tasks ended", stage: "job/a0/s1", tasks: "3-5 9 8", token: 17, outcome: "done" },
    { event: "tasks ended", stage: "job/a0/s1", tasks: "6", token: 18, outcome: "done" },
  ]);
});

test("a line names a bounded number of tasks", () => {
  const { lines, ended } = open();
  for (let index = 0; index <= endedTasksPerLineMax; index++) ended.add("j/a0/s0", index, 1);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ tasks: `0-${endedTasksPerLineMax - 1}` });
});

test.each([
  [[], ""],
  [[7], "7"],
  [[1, 2, 4, 5, 6, 1], "1-2 4-6 1"],
])("%j is %j", (indexes, text) => {
  expect(rangesText(indexes)).toBe(text);
});
