// Contenders that fail, answer wrongly, or never answer stop neither the row nor the others.

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Contender } from "../contenders/contenders.ts";
import { measureRow } from "./measure-row.ts";
import { OpenSessions } from "./sessions.ts";
import { TimeBudget } from "./time-budget.ts";
import type { Row } from "./workload.ts";

const scratch = mkdtempSync(join(tmpdir(), "millrace-rows-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A process that says it is ready, and does `answer` for each request. */
function contender(name: string, answer: string, start = ""): Contender {
  const program = `${start}
    const say = (message) => console.log(JSON.stringify(message));
    say({ kind: "ready", version: "1" });
    require("node:readline").createInterface({ input: process.stdin }).on("line", () => { ${answer} });`;
  const command = [process.execPath, "-e", program];
  return {
    ...{ name, title: name, owner: "baseline" },
    absent: () => undefined,
    host: () => ({ command, workingFolder: scratch }),
  };
}

const starts = join(scratch, "starts");
const right = `say({ kind: "done", rows: [[1]] });`;
const refusing: Contender = {
  ...contender("refusing", right),
  refuses: ({ kind }) => (kind === "function" ? "it runs SQL alone" : undefined),
};
const all = [
  refusing,
  contender("right", right),
  contender("wrong", `say({ kind: "done", rows: [[2]] });`),
  contender("failing", `say({ kind: "failed", error: "no memory" });`),
  contender("dying", "process.exit(3);"),
  contender("silent", ""),
  contender(
    "unstartable",
    right,
    `require("node:fs").appendFileSync(${JSON.stringify(starts)}, "x"); process.exit(4);`,
  ),
];

const task = { kind: "function", name: "f", params: {} } as const;
const row: Row = {
  ...{ name: "row", title: "a row", answer: {} },
  tasks: () => ({ millrace: task, baseline: task }),
};

test("each gets the outcome that it deserves, and after two late runs no more rows", async () => {
  const sessions = new OpenSessions({
    ...{ workload: "w", environment: {}, setup: {} },
    pin: (command) => command,
  });
  const budget = new TimeBudget({ runSeconds: 2, contenderMinutes: 10 });
  const settings = {
    ...{ workload: "w", threads: 1, scratch },
    ...{ runs: 2, rowSeconds: 5, warmUp: true, budget },
  };
  const kinds = async (): Promise<Record<string, string>> => {
    const outcomes = await measureRow(row, all, settings, sessions);
    return Object.fromEntries([...outcomes].map(([name, { kind }]) => [name, kind]));
  };
  const expected = {
    right: "measured",
    wrong: "wrong",
    failing: "failed",
    dying: "failed",
    silent: "late",
    unstartable: "failed",
    refusing: "skipped",
  };
  try {
    expect(await kinds()).toEqual(expected);
    expect(await kinds()).toEqual(expected);
    expect(await kinds()).toEqual({ ...expected, silent: "skipped" });
  } finally {
    await sessions.close();
  }
  expect(existsSync(starts) && readFileSync(starts, "utf8")).toBe("x");
}, 180_000);
