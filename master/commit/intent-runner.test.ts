// What the leader does about intents: each once at a time, again after a failure, never for ever after
// what nothing can mend, and never called failed while it may still succeed.

import { describe, expect, test } from "vitest";
import { EngineError, type ErrorCode } from "../../proto/errors.ts";
import { asJobId } from "../../proto/ids.ts";
import { intentRetryMs, intentsRunningMax } from "../../proto/limits.ts";
import { silentLog } from "../../proto/ports/log.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { createMemoryStore } from "../../proto/testing/memory-store.ts";
import type { Command } from "../scheduler/commands.ts";
import type { Intent } from "../scheduler/intents.ts";
import { createIntentRunner } from "./intent-runner.ts";

function commit(job = "job"): Intent {
  const folderUri = `mem://bucket/${job}/`;
  const output = { folderUri, files: 0, rows: 0, bytes: 0 };
  const rest = { actionIndex: 0, folderUri, format: "text", uploads: [], output } as const;
  return { kind: "commit", key: `commit ${job}/a0`, jobId: asJobId(job), ...rest };
}

function sweep(): Intent {
  const rest = { actionIndex: 0, folderUri: "mem://bucket/job/" };
  return { kind: "sweep", tokenEnd: 1_000, key: "sweep job/a0", jobId: asJobId("job"), ...rest };
}

/** A runner over a store whose manifest puts end as told. */
function open(outcomes: ("written" | ErrorCode | "never")[]) {
  const clock = fakeClock();
  const proposed: Command[] = [];
  let puts = 0;
  let leads = true;
  const store: ObjectStore = {
    ...createMemoryStore(),
    stat: async () => undefined,
    putIfAbsent: async (uri) => {
      if (!uri.endsWith("_manifest.json")) return "written";
      puts++;
      const outcome = outcomes.shift() ?? "written";
      if (outcome === "never") return new Promise<never>(() => {});
      if (outcome === "written") return "written";
      throw new EngineError(outcome, "as told");
    },
  };
  const runner = createIntentRunner({
    store,
    clock,
    log: silentLog,
    propose: async (command) => {
      if (!leads) throw new EngineError("NOT_LEADER", "no more");
      proposed.push(command);
    },
  });
  const kinds = () => proposed.map(({ kind }) => kind);
  const setLeads = (now: boolean) => {
    leads = now;
  };
  return { clock, runner, kinds, puts: () => puts, setLeads };
}

describe("intent runner", () => {
  test("an intent is under way once, however often it is asked for", async () => {
    const { clock, runner, kinds, puts } = open(["never"]);
    for (let i = 0; i < 5; i++) {
      runner.run([commit()]);
      await clock.advanceAsync(intentRetryMs * 2);
    }
    expect(puts()).toBe(1);
    expect(kinds()).toEqual([]);
  });

  test("done, it is told to the log; swept as well", async () => {
    const { clock, runner, kinds } = open([]);
    runner.run([commit(), sweep()]);
    await clock.advanceAsync(0);
    expect(kinds().sort()).toEqual(["actionCommitted", "actionSwept"]);
  });

  test.each(["STORE_FAILED", "STORE_UNKNOWN_OUTCOME", "DISK_FULL", "INTERNAL"] as const)(
    "%s is tried again after a pause, and not before",
    async (code) => {
      const { clock, runner, kinds, puts } = open([code]);
      runner.run([commit()]);
      await clock.advanceAsync(intentRetryMs - 1);
      runner.run([commit()]);
      expect(puts()).toBe(1);
      await clock.advanceAsync(1);
      runner.run([commit()]);
      await clock.advanceAsync(0);
      expect([puts(), ...kinds()]).toEqual([2, "actionCommitted"]);
    },
  );

  test.each(["OUTPUT_EXISTS", "STORE_UPLOAD_LOST", "STORE_DENIED"] as const)(
    "%s ends the commit",
    async (code) => {
      const { clock, runner, kinds } = open([code]);
      runner.run([commit()]);
      await clock.advanceAsync(0);
      expect(kinds()).toEqual(["actionCommitFailed"]);
    },
  );

  test("a refusal after an unknown outcome is no end: the manifest may still appear", async () => {
    const { clock, runner, kinds } = open(["STORE_UNKNOWN_OUTCOME", "STORE_DENIED"]);
    for (let turn = 0; turn < 3; turn++) {
      runner.run([commit()]);
      await clock.advanceAsync(intentRetryMs);
    }
    expect(kinds()).toEqual(["actionCommitted"]);
  });

  test("leadership lost while it committed: nothing is called failed, and it is told once regained", async () => {
    const { clock, runner, kinds, setLeads } = open([]);
    setLeads(false);
    runner.run([commit()]);
    await clock.advanceAsync(intentRetryMs);
    setLeads(true);
    runner.run([commit()]);
    await clock.advanceAsync(0);
    expect(kinds()).toEqual(["actionCommitted"]);
  });

  test("many wait their turn, and those that stay away hold up nobody for ever", async () => {
    const { clock, runner, kinds, puts } = open(Array(intentsRunningMax).fill("STORE_FAILED"));
    const many = Array.from({ length: intentsRunningMax + 3 }, (_, i) => commit(`job${i}`));
    runner.run(many);
    await clock.advanceAsync(0);
    expect(puts()).toBe(intentsRunningMax);
    runner.run(many);
    await clock.advanceAsync(0);
    expect(kinds()).toHaveLength(3);
  });
});
