// What failure-text.ts leaves of messages, stacks, tracebacks and paths.

import { expect, test } from "vitest";
import { failureText } from "./failure-text.ts";

test("frames of a stack are left out", () => {
  const text = "EngineError: got 10000\n    at placedFailure (dist/sdk/index.mjs:1:1)\n  at next";
  expect(failureText(text)).toBe("EngineError: got 10000");
});

test("of a traceback of Python the first word and the end are told", () => {
  const text = "failed\nTraceback (most recent call last):\n  x\n  y\nValueError: no column a";
  expect(failureText(new Error(text))).toBe("failed   y ValueError: no column a");
});

test("paths lose their folders, addresses stay", () => {
  expect(failureText("cannot read /home/me/data/rows.csv, file:///tmp/a/b.mjs")).toBe(
    "cannot read rows.csv, b.mjs",
  );
  expect(failureText("s3://bucket/folder/a.csv at http://host:9000/x/y, 1/2/3")).toBe(
    "s3://bucket/folder/a.csv at http://host:9000/x/y, 1/2/3",
  );
});

test("long texts are cut", () => {
  expect(failureText("x".repeat(1000))).toHaveLength(300);
});
