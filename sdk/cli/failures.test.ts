// A failure names the code, the place in the user's program, and the place in the data.

import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { reportFailure } from "./failures.ts";

const failure = new EngineError("USER_CODE_FAILED", "TypeError: x is undefined", {
  source: "job.ts:12:7",
  file: "file:///data/a.txt",
  operator: "flatMap",
  partition: 3,
  row: 41,
  stack: "secret",
});

test("text for people", () => {
  let text = "";
  expect(reportFailure(failure, false, (part) => (text += part))).toBe(5);
  expect(text).toBe(
    "error USER_CODE_FAILED: TypeError: x is undefined\n" +
      "  at      job.ts:12:7\n" +
      "  file    file:///data/a.txt\n" +
      "  in      flatMap\n" +
      "  task    3, row 41\n",
  );
});

test("one line of JSON for scripts, without stacks", () => {
  let text = "";
  reportFailure(failure, true, (part) => (text += part));
  expect(JSON.parse(text).error.code).toBe("USER_CODE_FAILED");
  expect(text).not.toContain("secret");
  expect(text.trimEnd()).not.toContain("\n");
});

test("wrong parameters are listed field by field", () => {
  let text = "";
  const fields = [
    { path: "minLength", message: "is required" },
    { path: "--min-lenght", message: "no such flag" },
  ];
  const wrong = new EngineError("PARAMS_INVALID", "1 parameter is wrong", { fields });
  expect(reportFailure(wrong, false, (part) => (text += part))).toBe(2);
  expect(text).toContain("  --min-length: is required");
  expect(text).toContain("\n  --min-lenght: no such flag");
});
