// A folder can be written afterwards, or it is said why not; nothing waits for ever.

import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { whyNotWritable } from "./make-folders.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-folders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a folder is made with those above it, and may be there already", () => {
  const deep = join(folder, "a/b/c");
  expect(whyNotWritable(deep)).toBeUndefined();
  expect(statSync(deep).isDirectory()).toBe(true);
  expect(whyNotWritable(deep)).toBeUndefined();
});

test("a file, a folder below a file, and one where the system makes none are told", () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  expect(whyNotWritable(file)).toBe("it is a file");
  expect(whyNotWritable(join(file, "below"))).toContain("ENOTDIR");
  // Recursive calls of Node hang here.
  expect(whyNotWritable("/proc/none")).toContain("ENOENT");
  expect(whyNotWritable("/proc/none/below")).toContain("ENOENT");
});
