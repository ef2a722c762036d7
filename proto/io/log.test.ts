// Log lines: form, level, bound, and that no secret passes.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { logLineBytesMax } from "../limits.ts";
import { createLog, type LogOptions } from "./log.ts";

function capture(options: LogOptions = {}) {
  const lines: string[] = [];
  const clock = { wallMs: () => Date.UTC(2024, 4, 6, 7, 8, 9, 10) };
  const log = createLog({ ...options, clock, write: (line) => void lines.push(line) });
  return { log, lines };
}

describe("createLog", () => {
  test("writes one JSON object per line with time, level, event and base fields", () => {
    const { log, lines } = capture({ fields: { node: "m1" } });
    log.warn("leader lost", { term: 7, skipped: undefined, why: "two\nlines" });
    expect(lines).toHaveLength(1);
    expect(lines[0]?.indexOf("\n")).toBe((lines[0]?.length ?? 0) - 1);
    expect(JSON.parse(lines[0] ?? "")).toEqual({
      node: "m1",
      term: 7,
      why: "two\nlines",
      time: "2024-05-06T07:08:09.010Z",
      level: "warn",
      event: "leader lost",
    });
  });

  test("a field cannot pose as the level", () => {
    const { log, lines } = capture();
    log.info("x", { level: "error", time: "never" });
    expect(JSON.parse(lines[0] ?? "").level).toBe("info");
  });

  test("filters by level", () => {
    const { log, lines } = capture({ level: "error" });
    log.info("a");
    log.warn("b");
    log.error("c");
    expect(lines).toHaveLength(1);
    const silent = capture({ level: "silent" });
    silent.log.error("d");
    expect(silent.lines).toEqual([]);
  });

  test("hides secrets by field name and by shape, but shows fencing tokens", () => {
    const { log, lines } = capture();
    log.info("call with Bearer abc123", {
      token: 17,
      joinToken: "hunter2hunter2",
      s3Secret: "hunter2",
      url: "http://me:hunter2@minio:9000/x",
      text: "uses mlr_hunter2hunter2 now",
    });
    expect(lines[0]).not.toContain("hunter2");
    expect(lines[0]).not.toContain("abc123");
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      token: 17,
      url: "http://[hidden]@minio:9000/x",
    });
  });

  test("the human form is one line that cannot steer a terminal", () => {
    const { log, lines } = capture({ form: "human" });
    log.error("bad\u001b[31m", { path: "a b\n", n: 3 });
    expect(lines[0]).toBe('07:08:09.010 ERROR bad\\x1b[31m path="a b\\x0a" n=3\n');
  });

  test("no line is longer than the bound, and each is valid JSON", () => {
    const value = fc.oneof(
      fc.string({ maxLength: 6000, unit: "binary" }),
      fc.double(),
      fc.boolean(),
      fc.constant("\u0000".repeat(5000)),
    );
    const fields = fc.dictionary(fc.string({ maxLength: 300 }), value, { maxKeys: 40 });
    fc.assert(
      fc.property(fc.string({ maxLength: 3000 }), fields, (event, some) => {
        const { log, lines } = capture();
        log.info(event, some);
        expect(Buffer.byteLength(lines[0] ?? "")).toBeLessThanOrEqual(logLineBytesMax);
        expect(JSON.parse(lines[0] ?? "").level).toBe("info");
      }),
      { numRuns: 100 },
    );
  });
});
