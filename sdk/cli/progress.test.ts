// What a person sees of progress, on a terminal and in a log file.

import { describe, expect, test } from "vitest";
import type { StageProgress } from "../../proto/wire/generated/engine.ts";
import { createProgressView, formatBytes, formatDuration, fractionDone } from "./progress.ts";

function stage(change: Partial<StageProgress>): StageProgress {
  const empty = { stageId: 0, label: "read", tasks: 4, done: 0, running: 0, retries: 0 };
  return { ...empty, rows: 0, bytes: 0, inputBytes: 0, ...change };
}

function fakeOutput(isTerminal: boolean) {
  const state = { text: "", now: 0 };
  const output = {
    isTerminal,
    columns: () => 100,
    write: (text: string) => {
      state.text += text;
    },
    nowMs: () => state.now,
  };
  return { state, output };
}

describe("progress", () => {
  test("the fraction counts bytes of running tasks and never passes 1", () => {
    expect(fractionDone([])).toBe(0);
    expect(fractionDone([stage({ bytes: 50, inputBytes: 100 })])).toBe(0.5);
    expect(fractionDone([stage({ bytes: 500, inputBytes: 100 })])).toBe(1);
    expect(fractionDone([stage({ done: 4 }), stage({ done: 0 })])).toBe(0.5);
  });

  test("a terminal gets one line that is drawn over, with an estimate once there is one", () => {
    const { state, output } = fakeOutput(true);
    const view = createProgressView(output);
    view.update("count", [stage({})]);
    state.now = 2000;
    view.update("count", [stage({ done: 1, bytes: 1e6, inputBytes: 4e6 })]);
    expect(state.text).toContain("\r\x1b[2K");
    expect(state.text).toContain(" 25 %  1/4 tasks, 1.0 MB read, about 6.0 s left  count");
    expect(state.text).not.toContain("\n");
    view.finish("count", [stage({ done: 4 })]);
    expect(state.text.endsWith("count: 4/4 tasks in 2.0 s\n")).toBe(true);
  });

  test("a log gets plain lines, seldom", () => {
    const { state, output } = fakeOutput(false);
    const view = createProgressView(output);
    for (let i = 0; i < 50; i++) {
      state.now = i * 100;
      view.update("count", [stage({ done: 1, retries: 2 })]);
    }
    expect(state.text.split("\n").length - 1).toBe(3);
    expect(state.text).not.toContain("\x1b");
    expect(state.text).toContain("2 retried");
  });

  test("bytes and durations are short and have units", () => {
    expect([999, 1500, 123_456_789, 4e12].map(formatBytes)).toEqual([
      "999 B",
      "1.5 KB",
      "123 MB",
      "4.0 TB",
    ]);
    expect([400, 12_400, 90_000, 3_720_000].map(formatDuration)).toEqual([
      "0.4 s",
      "12 s",
      "1 min 30 s",
      "1 h 2 min",
    ]);
  });
});
