// Paths as jobs write them, and the URIs they stand for.

import { expect, test } from "vitest";
import { resolveInput, resolveOutput } from "./paths.ts";

test.each([
  ["data/*.txt", "/base", "file:///base/data/*.txt"],
  ["./a", "/base/", "file:///base/a"],
  ["../b/", "/base/sub", "file:///base/b/"],
  ["/abs//x/./y", "/base", "file:///abs/x/y"],
  ["file:///a/../b", "/base", "file:///b"],
  ["s3://bucket/a/../b", "/base", "s3://bucket/a/../b"],
  ["in.txt", "s3://bucket/home", "s3://bucket/home/in.txt"],
  ["./in/", "file:///home", "file:///home/in/"],
  [".", "/base", "file:///base/"],
  ["../..", "/base", "file:///"],
])("%s in %s is %s", (path, folder, uri) => {
  expect(resolveInput(path, folder)).toBe(uri);
});

test("outputs are folders", () => {
  expect(resolveOutput("out", "/base")).toBe("file:///base/out/");
  expect(resolveOutput("s3://bucket/out", "/base")).toBe("s3://bucket/out/");
});

test.each([
  ["", /empty/],
  ["http://host/x", /scheme http:\/\/ is not known/],
])("%j is refused", (path, message) => {
  expect(() => resolveInput(path, "/base")).toThrow(message);
  expect(() => resolveOutput(path, "/base")).toThrow(message);
});

test("an output that is a pattern is refused", () => {
  expect(() => resolveOutput("out/*", "/base")).toThrow(/a pattern/);
});
