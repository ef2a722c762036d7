// What users' functions throw, with the place where it happened and the reason that is inside it.

import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { cellsBytes, cellsOf } from "./cells.ts";
import { enterUser, type UserCode, userFailure } from "./user-code.ts";

const user: UserCode = {
  cells: cellsOf(new ArrayBuffer(cellsBytes)),
  file: () => "s3://in/a.ndjson",
  partition: 3,
  locate: () => ({ source: "job.ts:1:1" }),
  labels: ["map#1"],
};
enterUser(user, 0);
const place = { file: "s3://in/a.ndjson", operator: "map#1", partition: 3, row: 0 };

test("an error brings along what caused it", () => {
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const several = Object.assign(new AggregateError([], ""), { code: "ECONNREFUSED" });
  for (const [cause, text] of [
    [refused, "TypeError: fetch failed, because of: connect ECONNREFUSED 127.0.0.1:1"],
    [several, "TypeError: fetch failed, because of: ECONNREFUSED"],
    [undefined, "TypeError: fetch failed"],
    ["a text", "TypeError: fetch failed"],
  ] as const) {
    const failure = userFailure(user, new TypeError("fetch failed", { cause }));
    expect(failure.message).toBe(text);
    expect(failure).toMatchObject({ code: "USER_CODE_FAILED", details: place });
  }
});

test("a row that a schema refuses is told with its place, what a source refuses with its own", () => {
  const ofRow = new EngineError("INPUT_MALFORMED", "a row does not fit", { fields: [] });
  expect(userFailure(user, ofRow)).toMatchObject({ code: "INPUT_MALFORMED", details: place });
  const ofSource = new EngineError("INPUT_MALFORMED", "line 7", { file: "s3://in/b", line: 7 });
  expect(userFailure(user, ofSource)).toBe(ofSource);
});
