// The trust boundary: what is refused, with which code, and which field is named.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { stagesPerActionMax, tasksPerStageMax } from "../../proto/limits.ts";
import { type Command, commandVersion } from "../scheduler/commands.ts";
import { graphOf } from "../scheduler/testing/graphs.ts";
import { decodeCommand, encodeCommand } from "./command-codec.ts";
import { decodeErrorRecord } from "./decode-error.ts";
import { decodeGraph } from "./decode-graph.ts";
import { decodePoll, decodeRegister, decodeReport } from "./decode-worker.ts";

const good = graphOf({
  actionIndex: 0,
  maps: 2,
  reduces: 3,
  sorts: true,
  folderUri: "file:///out/",
  plan: "p",
});

type Plain = { [name: string]: unknown };

/** The good graph with one value replaced; the path is as in the message. */
function withValue(path: string, value: unknown): string {
  const graph = JSON.parse(JSON.stringify(good)) as Plain;
  const names = path.split(".");
  let at = graph;
  for (const name of names.slice(0, -1)) at = at[name] as Plain;
  at[names.at(-1)!] = value;
  return JSON.stringify(graph);
}

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof EngineError) return `${thrown.code} ${thrown.message}`;
    throw thrown;
  }
  return "accepted";
}

describe("stage graphs", () => {
  test("a good one comes out as it went in", () => {
    expect(decodeGraph(JSON.stringify(good))).toEqual(good);
  });

  test.each([
    ["actionIndex", -1, "PLAN_INVALID graph.actionIndex"],
    ["planDigest", "", "PLAN_INVALID graph.planDigest"],
    ["label", 7, "PLAN_INVALID graph.label"],
    ["stages", [], "PLAN_INVALID graph.stages"],
    ["answerJson", "3", "PLAN_INVALID graph.stages"],
    ["stages", Array(stagesPerActionMax + 1).fill({}), "LIMIT_EXCEEDED graph.stages"],
    ["stages.1.stageId", 2, "PLAN_INVALID graph.stages[1].stageId"],
    ["stages.0.taskCount", 0, "PLAN_INVALID graph.stages[0].taskCount"],
    ["stages.0.taskCount", tasksPerStageMax + 1, "PLAN_INVALID graph.stages[0].taskCount"],
    ["stages.1.inputs.0.stageId", 1, "PLAN_INVALID graph.stages[1].inputs[0].stageId"],
    ["stages.1.inputs.0.partition", 3, "PLAN_INVALID graph.stages[1].inputs[0].partition"],
    ["stages.1.inputs.0.maps", "some", "PLAN_INVALID graph.stages[1].inputs[0].maps"],
    ["stages.1.inputs.0.maps", "own", "PLAN_INVALID graph.stages[1].inputs[0]"],
    ["stages.1.taskCount", 4, "PLAN_INVALID graph.stages[1].inputs[0]"],
    ["stages.0.placement.kind", "moon", "PLAN_INVALID graph.stages[0].placement.kind"],
    ["stages.2.placement.stageId", 2, "PLAN_INVALID graph.stages[2].placement.stageId"],
    ["stages.0.output", { kind: "result" }, "PLAN_INVALID graph.stages[0].output.kind"],
    ["stages.2.output", { kind: "shuffle" }, "PLAN_INVALID graph.stages[2].output.kind"],
    ["stages.0.output.partitions", 0, "PLAN_INVALID graph.stages[0].output.partitions"],
    ["stages.2.output.folderUri", "out", "PLAN_INVALID graph.stages[2].output.folderUri"],
    ["stages.2.output.folderUri", "file:///a/../b/", "PLAN_INVALID graph.stages[2].output"],
    ["stages.2.output.format", "xml", "PLAN_INVALID graph.stages[2].output.format"],
    ["stages.0.splits", [{ ranges: [] }], "PLAN_INVALID graph.stages[0].splits"],
    ["stages.0.splits", [{}, {}], "PLAN_INVALID graph.stages[0].splits[0].ranges"],
    ["stages.0.program", { source: {} }, "PLAN_INVALID graph.stages[0].program.operators"],
    ["stages.0.inputBytes", 0.5, "PLAN_INVALID graph.stages[0].inputBytes"],
  ])("%s = %j is refused by name", (path, value, message) => {
    expect(refusal(() => decodeGraph(withValue(path, value)))).toContain(message);
  });

  test("whatever comes is either a graph or an error of ours", () => {
    const paths = ["stages", "stages.0", "stages.1.inputs", "stages.1.inputs.0", "stages.2.output"];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (path, value) => {
        expect(refusal(() => decodeGraph(withValue(path, value)))).toBeTruthy();
      }),
    );
    fc.assert(fc.property(fc.json(), (json) => void refusal(() => decodeGraph(json))));
  });
});

describe("workers", () => {
  const worker = { workerId: "w1", incarnation: "i1" };
  const registration = { ...worker, dataAddress: "h:1", slots: 4, weight: 1, replaces: "" };

  test.each([
    [{ workerId: "" }, "MESSAGE_INVALID worker_id"],
    [{ workerId: "../etc" }, "MESSAGE_INVALID worker_id"],
    [{ workerId: "w".repeat(201) }, "MESSAGE_INVALID worker_id"],
    [{ incarnation: "a b" }, "MESSAGE_INVALID incarnation"],
    [{ dataAddress: "nowhere" }, "MESSAGE_INVALID data_address"],
    [{ slots: 0 }, "MESSAGE_INVALID slots"],
    [{ weight: 1.5 }, "MESSAGE_INVALID weight"],
    [{ replaces: "a b" }, "MESSAGE_INVALID replaces"],
  ])("a registration with %j is refused", (wrong, message) => {
    expect(refusal(() => decodeRegister({ ...registration, ...wrong }))).toContain(message);
  });

  test("a wait is cut to what a master allows", () => {
    const poll = { ...worker, freeSlots: 1, freeAhead: 0, freeDriverSlots: 0, waitMs: 4_000_000 };
    expect(decodePoll(poll).waitMs).toBe(10_000);
  });

  test("a report needs an outcome, and an upload all its parts", () => {
    const ref = { jobId: "j1", actionIndex: 0, stageId: 0, taskIndex: 0, token: 1 };
    const report = (outcome: Parameters<typeof decodeReport>[0]["reports"][0]["outcome"]) =>
      refusal(() => decodeReport({ ...worker, reports: [{ ...ref, outcome }] }));
    expect(report(undefined)).toContain("MESSAGE_INVALID reports[0].outcome");
    const value = {
      rowsIn: 0,
      bytesIn: 0,
      rowsOut: 0,
      bytesOut: 0,
      digest: "",
      resultJson: "",
      ...{ counters: {}, partitionBytes: [] },
    };
    const upload = { $case: "done", value: { ...value, uploadJson: '[{"etags":[]}]' } } as const;
    expect(report(upload)).toContain("MESSAGE_INVALID reports[0].done.upload_json[0].uri");
    const failed = { $case: "failed", value: { errorJson: "x" } } as const;
    expect(report(failed)).toContain("MESSAGE_INVALID reports[0].failed.error_json is not JSON");
  });
});

test("errors from outside keep what is known of them", () => {
  const record = decodeErrorRecord(
    "e",
    JSON.stringify({
      code: "MADE_UP",
      message: "m".repeat(9000),
      details: { row: 3, line: "x", secret: 1, fields: [{ path: "a", message: "b" }, 7] },
    }),
  );
  expect(record.code).toBe("INTERNAL");
  expect(record.message.length).toBe(8000);
  expect(record.details).toEqual({ row: 3, fields: [{ path: "a", message: "b" }] });
});

describe("commands", () => {
  test("come back from bytes as they were", () => {
    const command: Command = {
      kind: "startAction",
      jobId: "j" as never,
      driverToken: 1,
      graph: good,
    };
    expect(decodeCommand(encodeCommand(command))).toEqual(command);
  });

  test("of another version are refused", () => {
    const bytes = new TextEncoder().encode(`{"version":${commandVersion + 1},"kind":"tick"}`);
    expect(refusal(() => decodeCommand(bytes))).toContain("DATA_FOLDER_VERSION");
    expect(refusal(() => decodeCommand(Uint8Array.of(255)))).toContain("LOG_CORRUPT");
  });

  test("too large for one entry are refused", () => {
    const codeBase64 = "a".repeat(17 * 1024 * 1024);
    const command: Command = { kind: "putBundle", sha256: "s" as never, codeBase64 };
    expect(refusal(() => encodeCommand(command))).toContain("LIMIT_EXCEEDED");
  });
});
