// Joins whose sides may be far smaller than their files: counted first, then decided by what was found.

import { expect, test } from "vitest";
import type { InputFile, PlanTargets } from "../../proto/plan/bundle.ts";
import type { Action, JoinNode, JoinType, LogicalNode } from "../../proto/plan/logical.ts";
import { int64Type, type Schema } from "../../proto/plan/types.ts";
import { openJoins } from "./decide-joins.ts";
import { planAction, planPrepared, prepareAction } from "./plan-action.ts";
import { fileReads } from "./plan-inputs.ts";

const schema: Schema = { fields: [{ name: "id", type: int64Type, nullable: false }] };
const read = (id: number): LogicalNode => ({
  kind: "readColumns",
  id,
  format: "parquet",
  pattern: `s3://b/${id}/`,
  options: { schema },
});
const filtered = (input: LogicalNode, id: number): LogicalNode => ({
  kind: "where",
  id,
  input,
  predicate: {
    kind: "call",
    name: "gt",
    args: [
      { kind: "column", name: "id" },
      { kind: "literal", type: int64Type, text: "7" },
    ],
  },
});
const join = (
  left: LogicalNode,
  right: LogicalNode,
  type: JoinType = "inner",
  more: Partial<JoinNode> = {},
): JoinNode => ({
  kind: "join",
  id: 9,
  left,
  right,
  type,
  on: [{ left: { kind: "column", name: "id" }, right: { kind: "column", name: "id" } }],
  rightNames: [],
  ...more,
});
const collect = (input: LogicalNode): Action => ({ kind: "collect", input });

const mebibyte = 1024 * 1024;
const targets: PlanTargets = {
  splitBytes: 32 * mebibyte,
  partitionBytes: 64 * mebibyte,
  coalescedBytes: 0,
};
const large = 500 * mebibyte;

function planned(action: Action, sizes: readonly number[], measured: readonly number[]) {
  const files = new Map(
    fileReads(action).map((node): [number, readonly InputFile[]] => [
      node.id,
      [{ uri: `s3://b/${node.id}/a`, sizeBytes: sizes[node.id]! }],
    ]),
  );
  return planAction(action, 0, { files, schemas: new Map() }, { targets, measured });
}

test("plans of an action that was prepared once are those that are made anew, in whatever order", () => {
  const twice = join(
    join(read(1), filtered(read(2), 3)),
    filtered(join(read(4), filtered(read(5), 6), "inner", { id: 8 }), 7),
    "left",
    { id: 10 },
  );
  const shapes = [collect(join(read(1), filtered(read(2), 3), "semi")), collect(twice)];
  for (const action of shapes) {
    const nodes = fileReads(action);
    const files = new Map(
      nodes.map(({ id }) => [id, [{ uri: `s3://b/${id}/a`, sizeBytes: large }]]),
    );
    const inputs = { files, schemas: new Map() };
    const prepared = prepareAction(action, inputs, targets);
    for (const measured of [[], [10], [1e9], [1e9, 10], [10, 10, 10], [], [10, 1e9], [1e9, 1e9]]) {
      const again = planPrepared(prepared, 3, { measured });
      const anew = planAction(action, 3, inputs, { targets, measured });
      expect(again.graph).toEqual(anew.graph);
      expect([...again.keeps]).toEqual([...anew.keeps]);
      expect(again.text.optimised).toBe(anew.text.optimised);
    }
  }
});

const strategyOf = (text: string): string =>
  /inner.*?(broadcastLeft|broadcast|shuffle)?$/m.exec(text)?.[1] ?? "none";

test("a filtered side is counted, kept, and decides", () => {
  const action = collect(join(read(0), filtered(read(1), 2)));
  expect(openJoins(action).size).toBe(1);
  const first = planned(action, [large, large], []);
  expect(first.graph.measures).toBe(true);
  expect(first.graph.label).toBe("sizes for collect");
  const kept = first.graph.stages.find((stage) => stage.keep !== undefined)!;
  for (const [rows, strategy] of [
    [1000, "broadcast"],
    [100_000_000, "shuffle"],
  ] as const) {
    const second = planned(action, [large, large], [rows]);
    expect(second.graph.measures).toBeUndefined();
    expect(strategyOf(second.text.optimised)).toBe(strategy);
    // The side is made by the same stage, so that what was counted is used.
    const again = second.graph.stages.find((stage) => stage.keep !== undefined)!;
    expect(again.keep).toBe(kept.keep);
    expect(again.program).toEqual(kept.program);
    expect(again.splits).toEqual(kept.splits);
    expect(second.graph.planDigest).toBe(first.graph.planDigest);
  }
});

test("where files say enough, nothing is counted", () => {
  const small = mebibyte;
  const action = collect(join(read(0), filtered(read(1), 2)));
  expect(planned(action, [large, small], []).graph.measures).toBeUndefined();
  expect(planned(action, [small, large], []).graph.measures).toBeUndefined();
  const bare = collect(join(read(0), read(1)));
  expect(planned(bare, [large, large], []).graph.measures).toBeUndefined();
  const hinted = collect(join(read(0), filtered(read(1), 2), "inner", { strategy: "broadcast" }));
  expect(openJoins(hinted).size).toBe(0);
  expect(planned(hinted, [large, large], []).graph.measures).toBeUndefined();
});

test("a side whose rows come out unmatched is not sent whole, so it is not counted either", () => {
  const left = collect(join(filtered(read(0), 2), read(1), "left"));
  expect(planned(left, [large, large], []).graph.measures).toBeUndefined();
  const full = collect(join(filtered(read(0), 2), filtered(read(1), 3), "full"));
  expect(planned(full, [large, large], []).graph.measures).toBeUndefined();
  const right = collect(join(filtered(read(0), 2), read(1), "right"));
  expect(planned(right, [large, large], []).graph.measures).toBe(true);
});

test("joins are decided from the sources up, one count after the other", () => {
  const inner = join(read(0), filtered(read(1), 2));
  const outer: JoinNode = { ...join(read(3), inner), id: 10 };
  const action = collect(outer);
  const sizes = [large, large, 0, large];
  const counts: number[] = [];
  for (let asked = 0; asked < 2; asked++) {
    expect(planned(action, sizes, counts).graph.measures).toBe(true);
    counts.push(10);
  }
  const last = planned(action, sizes, counts);
  expect(last.graph.measures).toBeUndefined();
  expect(last.text.optimised.match(/broadcast/g)).toHaveLength(2);
});

test("the side that a condition leaves little of is counted, though the other could be sent", () => {
  const equal = (input: LogicalNode): LogicalNode =>
    ({
      ...filtered(input, 2),
      predicate: {
        kind: "call",
        name: "eq",
        args: [
          { kind: "column", name: "id" },
          { kind: "literal", type: int64Type, text: "7" },
        ],
      },
    }) as LogicalNode;
  const twice = equal(equal(read(0)));
  const action = collect(join(twice, read(1)));
  const sizes = [50 * mebibyte, 15 * mebibyte];
  expect(planned(action, sizes, []).graph.measures).toBe(true);
  expect(strategyOf(planned(action, sizes, [1000]).text.optimised)).toBe("broadcastLeft");
  // Where it is not so small after all, the other one is sent.
  const large = planned(action, sizes, [50_000_000]);
  const last = large.graph.stages.at(-1)!;
  expect(last.program.operators).toContainEqual(
    expect.objectContaining({
      kind: "join",
      build: expect.objectContaining({ pipeline: "left" }),
    }),
  );
  // A filter of which nobody knows how much it leaves is no reason to wait.
  const open = collect(join(filtered(read(0), 2), read(1)));
  expect(planned(open, sizes, []).graph.measures).toBeUndefined();
});

test("of a semi join whose left is small, only right rows with its keys are cut", () => {
  for (const type of ["semi", "anti"] as const) {
    const known = planned(collect(join(read(0), read(1), type)), [mebibyte, large], []);
    expect(known.graph.measures).toBeUndefined();
    expect(known.text.optimised).toContain(`join#9 ${type} on id = id shuffle`);
    expect(known.text.optimised).toContain("join#9 semi on id = id broadcast");
    const action = collect(join(filtered(read(0), 2), read(1), type));
    expect(planned(action, [large, large], []).graph.measures).toBe(true);
    const counted = planned(action, [large, large], [1000]);
    expect(counted.text.optimised).toContain("join#9 semi on id = id broadcast");
    const much = planned(action, [large, large], [100_000_000]);
    expect(much.text.optimised).not.toContain("broadcast");
  }
});

test("a small side that one task reads does not draw a large one into this task", () => {
  const { graph } = planned(collect(join(read(0), read(1))), [large, mebibyte], []);
  const stage = graph.stages.find(({ program }) =>
    program.operators.some(({ kind }) => kind === "join"),
  )!;
  expect(stage.taskCount).toBeGreaterThan(10);
});

test("of two sides that may be small, the one that takes less to count is counted", () => {
  const grouped: LogicalNode = {
    ...{ kind: "aggregate", id: 4, input: filtered(read(1), 3), aggregates: [] },
    keys: [{ name: "id", expr: { kind: "column", name: "id" } }],
  };
  const action = collect(join(filtered(read(0), 2), grouped));
  const sizes = [40 * mebibyte, 120 * mebibyte];
  const asked = planned(action, sizes, []);
  expect(asked.graph.measures).toBe(true);
  expect(asked.text.optimised).not.toContain("aggregate");
  // With its count known, groups that it has no keys of are not made.
  const decided = planned(action, sizes, [1000]).text.optimised;
  expect(decided).toContain("join#9 inner on id = id broadcastLeft");
  expect(decided).toContain("join#9 semi on id = id broadcast\n");
  const large = planned(action, sizes, [5_000_000]).text.optimised;
  expect(large).not.toContain("semi");
});
