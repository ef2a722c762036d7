// The agent's reactions, event by event, and what must hold over random sequences of events.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { TaskGrant } from "../../proto/wire/generated/engine.ts";
import { step } from "./agent.ts";
import type { AgentEffect, AgentEvent } from "./protocol.ts";
import { type AgentState, initialAgentState } from "./state.ts";

const options = { slots: 2, driverSlots: 1, renewTicks: 10, pauseTicks: 3 };

function grant(token: number, ...indexes: number[]): TaskGrant {
  return {
    token,
    job: {
      jobId: "job",
      paramsJson: "{}",
      bundleSha256: "b",
      seed: 1,
      submittedWallMs: 0,
      workingFolder: "/",
    },
    actionIndex: 0,
    stageId: 0,
    planDigest: "d",
    programJson: "{}",
    label: "read",
    tasks: indexes.map((taskIndex) => ({ taskIndex, attempt: 1, splitJson: "" })),
    inputs: [],
    inputsJson: "[]",
    outputPartitions: 0,
  };
}

const done: AgentEvent = {
  kind: "ended",
  key: { token: 7, taskIndex: 0 },
  outcome: {
    kind: "done",
    result: { rowsIn: 1, bytesIn: 2, rowsOut: 3, bytesOut: 4, digest: "x" },
  },
};

function kinds(effects: readonly AgentEffect[]): string[] {
  return effects.map((effect) => effect.kind);
}

function member(): AgentState {
  const state = initialAgentState(options);
  step(state, { kind: "tick" });
  step(state, { kind: "registered" });
  return state;
}

describe("agent", () => {
  test("registers once, then asks for work for its slots and one more", () => {
    const state = initialAgentState(options);
    expect(kinds(step(state, { kind: "tick" }))).toEqual(["register"]);
    expect(step(state, { kind: "tick" })).toEqual([]);
    expect(step(state, { kind: "registered" })).toEqual([
      { kind: "poll", freeSlots: 3, freeDriverSlots: 1 },
    ]);
  });

  test("runs what it is granted once, even if the reply comes twice", () => {
    const state = member();
    const polled: AgentEvent = { kind: "polled", grants: [grant(7, 0, 1)], drivers: [] };
    expect(kinds(step(state, polled))).toEqual(["run", "run", "poll"]);
    expect(kinds(step(state, polled))).toEqual(["poll"]);
  });

  test("reports before it asks for more, and forgets a report only once it is acknowledged", () => {
    const state = member();
    step(state, { kind: "polled", grants: [grant(7, 0, 1, 2)], drivers: [] });
    const effects = step(state, done);
    expect(kinds(effects)).toEqual(["report"]);
    const report = effects[0];
    if (report?.kind !== "report") throw new Error("expected a report");
    const failure = { code: "UNAVAILABLE" as const, message: "no leader", details: {} };
    const { reports } = report;
    expect(step(state, { kind: "reportFailed", reports, error: failure })).toEqual([]);
    step(state, { kind: "tick" });
    step(state, { kind: "tick" });
    expect(step(state, { kind: "tick" })).toEqual([report]);
    expect(kinds(step(state, { kind: "reported", reports: report.reports }))).toEqual(["poll"]);
  });

  test("a lost lease is cancelled and its late result goes nowhere", () => {
    const state = member();
    step(state, { kind: "polled", grants: [grant(7, 0)], drivers: [] });
    const lost = {
      jobId: "job",
      actionIndex: 0,
      stageId: 0,
      taskIndex: 0,
      token: 7,
      progress: 0,
      rows: 0,
      bytes: 0,
    };
    const effects = step(state, {
      kind: "renewed",
      known: true,
      lostTasks: [lost],
      lostDrivers: [],
      releasedJobs: ["old"],
    });
    expect(effects).toContainEqual({ kind: "cancel", key: { token: 7, taskIndex: 0 } });
    expect(effects).toContainEqual({ kind: "release", jobId: "old" });
    expect(kinds(step(state, done))).not.toContain("report");
  });

  test("unknown to the cluster: drops everything and registers anew", () => {
    const state = member();
    step(state, { kind: "polled", grants: [grant(7, 0)], drivers: [] });
    const error = { code: "WORKER_UNKNOWN" as const, message: "who?", details: {} };
    const effects = step(state, { kind: "renewFailed", error });
    expect(kinds(effects)).toEqual(["cancel", "register"]);
    expect(state.attempts.size).toBe(0);
  });

  test("whatever happens: one question of a kind at a time, no task run twice, slots respected", () => {
    const arbitraryEvent = fc.oneof(
      fc.constant<AgentEvent>({ kind: "tick" }),
      fc.constant<AgentEvent>({ kind: "registered" }),
      fc
        .record({
          token: fc.integer({ min: 1, max: 5 }),
          taskIndex: fc.integer({ min: 0, max: 2 }),
        })
        .map((key): AgentEvent => ({ ...done, key }) as AgentEvent),
      fc
        .integer({ min: 1, max: 5 })
        .map(
          (token): AgentEvent => ({ kind: "polled", grants: [grant(token, 0, 1)], drivers: [] }),
        ),
      fc.constant<AgentEvent>({
        kind: "renewFailed",
        error: { code: "WORKER_UNKNOWN", message: "", details: {} },
      }),
    );
    fc.assert(
      fc.property(fc.array(arbitraryEvent, { maxLength: 60 }), (events) => {
        const state = initialAgentState(options);
        const polls = { open: 0 };
        for (const event of events) {
          // The transport answers a question at most once, and only if it was asked.
          if (event.kind === "polled" && state.poll.kind !== "asked") continue;
          if (event.kind === "registered" && state.register.kind !== "asked") continue;
          if (event.kind === "renewFailed" && state.renew.kind !== "asked") continue;
          if (event.kind === "polled") polls.open--;
          for (const effect of step(state, event)) {
            if (effect.kind === "poll") {
              polls.open++;
              expect(effect.freeSlots).toBeLessThanOrEqual(options.slots + 1);
            }
          }
          expect(polls.open).toBeLessThanOrEqual(1);
        }
      }),
    );
  });
});
