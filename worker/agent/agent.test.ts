// The agent's reactions, event by event, and what must hold over random sequences of events.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { reportCharsPerCallMax } from "../../proto/limits.ts";
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
    tasks: indexes.map((taskIndex) => {
      return { taskIndex, attempt: 1, splitJson: "", firstPartition: 0, partitions: 0 };
    }),
    inputs: [],
    inputsJson: "[]",
    outputPartitions: 0,
    tellsPartitionBytes: false,
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

function isReport(effect: AgentEffect): effect is Extract<AgentEffect, { kind: "report" }> {
  return effect.kind === "report";
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
      { kind: "poll", freeSlots: 3, freeAhead: 0, freeDriverSlots: 1 },
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

  test("takes tasks ahead while they are short, and again fewer once they are not", () => {
    const state = member();
    const indexes = Array.from({ length: 40 }, (_, index) => index);
    step(state, { kind: "polled", grants: [grant(7, ...indexes)], drivers: [] });
    const endOf = (taskIndex: number): AgentEvent => ({ ...done, key: { token: 7, taskIndex } });
    const ended = indexes.flatMap((index) => step(state, endOf(index)));
    // One report is under way, and nothing is asked before it is acknowledged.
    expect(kinds(ended)).toEqual(["report"]);
    const [poll] = step(state, { kind: "tick" });
    expect(poll).toEqual({ kind: "poll", freeSlots: 3, freeAhead: 20, freeDriverSlots: 1 });
    step(state, { kind: "polled", grants: [grant(8, ...indexes.slice(0, 23))], drivers: [] });
    const next = (taskIndex: number) => step(state, { ...done, key: { token: 8, taskIndex } });
    step(state, { kind: "reported", reports: state.reports });
    // Reported, and asked for others, once half of those ahead are done.
    expect(indexes.slice(0, 10).flatMap(next)).toEqual([]);
    const [reported, asked] = next(10);
    expect(reported).toMatchObject({ kind: "report", reports: { length: 11 } });
    expect(asked).toEqual({ kind: "poll", freeSlots: 3, freeAhead: 8, freeDriverSlots: 1 });
    step(state, { kind: "reported", reports: state.reports });
    step(state, { kind: "polled", grants: [], drivers: [] });
    for (let tick = 0; tick < 5; tick++) step(state, { kind: "tick" });
    expect(state.ahead).toBe(0);
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

  test("a report that the leader cannot read fails its own task, and holds up no other", () => {
    const state = member();
    step(state, { kind: "polled", grants: [grant(7, 0, 1)], drivers: [] });
    const invalid = { code: "MESSAGE_INVALID" as const, message: "too long", details: {} };
    const both = [done, { ...done, key: { token: 7, taskIndex: 1 } } as AgentEvent];
    const first = both.flatMap((event) => step(state, event)).find(isReport);
    const sent: number[] = [];
    let question = first;
    for (let turn = 0; turn < 60 && question !== undefined; turn++) {
      const { reports } = question;
      sent.push(reports.length);
      const isRead = reports.every(
        (report) => report.taskIndex === 1 || report.outcome?.$case === "failed",
      );
      const answer: AgentEvent = isRead
        ? { kind: "reported", reports }
        : { kind: "reportFailed", reports, error: invalid };
      question = step(state, answer).find(isReport);
      for (let tick = 0; tick < 5 && question === undefined; tick++) {
        question = step(state, { kind: "tick" }).find(isReport);
      }
    }
    expect(state.reports).toEqual([]);
    expect(sent.length).toBeLessThan(6);
  });

  test("large reports go in several requests", () => {
    const state = member();
    step(state, { kind: "polled", grants: [grant(7, 0, 1, 2)], drivers: [] });
    const resultJson = "x".repeat(reportCharsPerCallMax - 1);
    const ended = [0, 1, 2].map((taskIndex): AgentEvent => {
      const result = { rowsIn: 1, bytesIn: 2, rowsOut: 3, bytesOut: 4, digest: "x", resultJson };
      return { kind: "ended", key: { token: 7, taskIndex }, outcome: { kind: "done", result } };
    });
    let question = ended.flatMap((event) => step(state, event)).find(isReport);
    const sent: number[] = [];
    while (question !== undefined) {
      sent.push(question.reports.length);
      question = step(state, { kind: "reported", reports: question.reports }).find(isReport);
    }
    expect(sent).toEqual([1, 1, 1]);
  });

  test("what was asked before leaving holds up nothing after it", () => {
    const state = member();
    step(state, { kind: "polled", grants: [], drivers: [] });
    const error = { code: "WORKER_UNKNOWN" as const, message: "who?", details: {} };
    step(state, { kind: "renewFailed", error });
    expect(kinds(step(state, { kind: "registered" }))).toEqual(["poll"]);
  });

  test("a driver that comes back under a new lease stops its older run first", () => {
    const state = member();
    const { job } = grant(1, 0);
    const drivers = (token: number) => [{ token, job }];
    step(state, { kind: "polled", grants: [], drivers: drivers(5) });
    const effects = step(state, { kind: "polled", grants: [], drivers: drivers(9) });
    expect(kinds(effects)).toEqual(["cancelDriver", "runDriver", "poll"]);
    step(state, { kind: "driverEnded", jobId: "job", token: 5 });
    expect(state.drivers.get("job")?.token).toBe(9);
  });

  test("progress told to the leader is never negative, and moves while queued and when begun", () => {
    const state = member();
    step(state, { kind: "polled", grants: [grant(7, 0)], drivers: [] });
    const told: number[] = [];
    for (let tick = 0; tick < 60; tick++) {
      if (tick === 30) {
        const progress = { rows: 1, bytes: 1, steps: 1 };
        step(state, { kind: "progressed", key: { token: 7, taskIndex: 0 }, progress });
      }
      for (const effect of step(state, { kind: "tick" })) {
        if (effect.kind !== "renew") continue;
        told.push(effect.tasks[0]?.progress ?? -1);
        step(state, {
          ...{ kind: "renewed", known: true, lostTasks: [], lostDrivers: [], releasedJobs: [] },
        });
      }
    }
    expect(Math.min(...told)).toBeGreaterThanOrEqual(0);
    // Queued it moves each time; once begun it stands still with its steps.
    expect(new Set(told.slice(0, 3)).size).toBe(3);
    expect(new Set(told.slice(3)).size).toBe(1);
    expect(told[3]).not.toBe(told[2]);
  });

  test("whatever happens: one question of a kind, no task run twice, every lease held is renewed", () => {
    const error = fc.constantFrom("WORKER_UNKNOWN" as const, "UNAVAILABLE" as const);
    const arbitraryMove = fc.record({
      kind: fc.constantFrom(
        "tick",
        "tick",
        "tick",
        "answer",
        "answer",
        "fail",
        "ended",
        "progressed",
      ),
      pick: fc.nat(5),
      error,
    });
    let renewals = 0;
    fc.assert(
      fc.property(fc.array(arbitraryMove, { minLength: 50, maxLength: 150 }), (moves) => {
        const state = initialAgentState({ ...options, renewTicks: 2 });
        const asked = new Map<string, AgentEffect>();
        const ran = new Set<string>();
        let nextToken = 1;
        const take = (effects: readonly AgentEffect[]): void => {
          for (const effect of effects) {
            const { kind } = effect;
            if (kind === "register") asked.clear();
            if (["register", "poll", "renew", "report"].includes(kind)) {
              expect(asked.has(kind)).toBe(false);
              asked.set(kind, effect);
            }
            if (effect.kind === "poll") expect(effect.freeSlots).toBeLessThanOrEqual(3);
            if (effect.kind === "run") {
              const name = `${effect.grant.token}:${effect.task.taskIndex}`;
              expect(ran.has(name)).toBe(false);
              ran.add(name);
            }
            if (effect.kind === "renew") {
              renewals++;
              const named = effect.tasks.map(({ token, taskIndex }) => `${token}:${taskIndex}`);
              const reported = state.reports.map(({ token, taskIndex }) => `${token}:${taskIndex}`);
              expect(named.sort()).toEqual([...state.attempts.keys(), ...reported].sort());
            }
          }
        };
        take(step(state, { kind: "tick" }));
        for (const move of moves) {
          const event = eventOf(move, asked, state, () => nextToken++);
          if (event !== undefined) take(step(state, event));
          expect(state.attempts.size).toBeLessThanOrEqual(options.slots + 1);
        }
      }),
      { numRuns: 500 },
    );
    expect(renewals).toBeGreaterThan(500);
  });
});

interface Move {
  readonly kind: string;
  readonly pick: number;
  readonly error: "WORKER_UNKNOWN" | "UNAVAILABLE";
}

/** What a transport and an executor could tell the agent next; undefined where nothing was asked. */
function eventOf(
  move: Move,
  asked: Map<string, AgentEffect>,
  state: AgentState,
  token: () => number,
): AgentEvent | undefined {
  const attempt = [...state.attempts.values()][move.pick];
  if (move.kind === "tick") return { kind: "tick" };
  if (move.kind === "ended" || move.kind === "progressed") {
    if (attempt === undefined) return undefined;
    const key = { token: attempt.grant.token, taskIndex: attempt.taskIndex };
    if (move.kind === "ended") return { ...done, key } as AgentEvent;
    return { kind: "progressed", key, progress: { rows: 1, bytes: 1, steps: move.pick } };
  }
  const [kind, question] = [...asked][move.pick % asked.size] ?? [];
  if (kind === undefined || question === undefined) return undefined;
  asked.delete(kind);
  const error = { code: move.error, message: "", details: {} };
  const isFailed = move.kind === "fail";
  switch (question.kind) {
    case "register":
      return { kind: isFailed ? "registerFailed" : "registered" };
    case "poll": {
      if (isFailed) return { kind: "pollFailed", error };
      const indexes = [0, 1, 2].slice(0, Math.min(move.pick, question.freeSlots));
      return { kind: "polled", grants: [grant(token(), ...indexes)], drivers: [] };
    }
    case "report":
      if (isFailed) return { kind: "reportFailed", reports: question.reports, error };
      return { kind: "reported", reports: question.reports };
    case "renew": {
      if (isFailed) return { kind: "renewFailed", error };
      const lostTasks = question.tasks.slice(0, move.pick % 2);
      return { kind: "renewed", known: true, lostTasks, lostDrivers: [], releasedJobs: [] };
    }
    default:
      return undefined;
  }
}
