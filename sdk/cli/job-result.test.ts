// What a job returned, as people and as scripts see it.

import { describe, expect, test } from "vitest";
import { encodeValue } from "../../proto/plan/values.ts";
import { endJson, resultText, shellWord, shortFolder, summaryText } from "./job-result.ts";

const output = { folderUri: "file:///home/me/out/words/", files: 1, rows: 12_345, bytes: 67_890 };

describe("results for people", () => {
  test.each([
    [undefined, ""],
    ["done", "done\n"],
    ["line\n", "line\n"],
    [42, "42\n"],
    [Number.NaN, "NaN\n"],
    [2n ** 70n, "1180591620717411303424\n"],
    [null, "null\n"],
    [true, "true\n"],
    [new Date(0), "1970-01-01T00:00:00.000Z\n"],
    [[], "[]\n"],
    [{ total: 3n, big: 2n ** 60n }, '{\n  "total": 3,\n  "big": "1152921504606846976"\n}\n'],
    [
      { at: new Date(0), bytes: Uint8Array.of(1, 2) },
      /1970-01-01T00:00:00.000Z",\s+"bytes": "AQI="/,
    ],
  ])("%s", (value, text) => {
    if (text instanceof RegExp) expect(resultText(value)).toMatch(text);
    else expect(resultText(value)).toBe(text);
  });

  test("outputs are named with how to read them", () => {
    expect(summaryText([output], 1234, "/home/me")).toBe(
      "committed out/words/: 12 345 rows, 1 file, 67.9 KB\n" +
        "  read it: millrace output out/words/\n" +
        "done in 1.2 s\n",
    );
    expect(summaryText([], 90_000, "/home/me")).toBe("done in 1 min 30 s\n");
  });

  test("folders are short where they can be, and quoted where they must be", () => {
    expect(shortFolder("file:///home/me/out/", "/home/me/")).toBe("out/");
    expect(shortFolder("file:///home/melanie/out/", "/home/me")).toBe("/home/melanie/out/");
    expect(shortFolder("file:///home/me/", "/home/me")).toBe("/home/me/");
    expect(shortFolder("s3://bucket/out/", "/")).toBe("s3://bucket/out/");
    expect(shellWord("a b'c")).toBe("'a b'\\''c'");
  });
});

test("results for scripts are one object on one line", () => {
  const resultJson = encodeValue({ total: 7n, nothing: undefined });
  const text = endJson({ jobId: "job-1", resultJson, outputs: [output], durationMs: 12.7 });
  expect(text.endsWith("}\n")).toBe(true);
  expect(text.trimEnd()).not.toContain("\n");
  expect(JSON.parse(text)).toEqual({
    jobId: "job-1",
    state: "succeeded",
    result: { total: 7 },
    outputs: [output],
    durationMs: 13,
  });
});
