// Paths as jobs write them, and the URIs they stand for.

import { expect, test } from "vitest";
import { resolveInput, resolveOutput } from "./paths.ts";

test.each([
  ["data/*.txt", "/work", "file:///work/data/*.txt"],
  ["./a", "/work/", "file:///work/a"],
  ["../b/", "/work/sub", "file:///work/b/"],
  ["/abs//x/./y", "/work", "file:///abs/x/y"],
  ["file:///a/../b", "/work", "file:///b"],
  ["s3://bucket/a/../b", "/work", "s3://bucket/a/../b"],
  ["in.txt", "s3://bucket/home", "s3://bucket/home/in.txt"],
  ["./in/", "file:///home", "file:///home/in/"],
  [".", "/work", "file:///work/"],
  ["../..", "/work", "file:///"],
])("%s in %s is %s", (path, folder, uri) => {
  expect(resolveInput(path, folder)).toBe(uri);
});

test("outputs are folders", () => {
  expect(resolveOutput("out", "/work")).toBe("file:///work/out/");
  expect(resolveOutput("s3://bucket/out", "/work")).toBe("s3://bucket/out/");
});

test.each([
  ["", /empty/],
  ["http://host/x", /scheme http:\/\/ is not known/],
])("%j is refused", (path, message) => {
  expect(() => resolveInput(path, "/work")).toThrow(message);
  expect(() => resolveOutput(path, "/work")).toThrow(message);
});

test("an output that is a pattern is refused", () => {
  expect(() => resolveOutput("out/*", "/work")).toThrow(/a pattern/);
});
