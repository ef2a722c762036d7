// Data is made once, whole or not at all, whoever else makes it at the same time.

import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDataCache } from "./data-cache.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-data-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const makeTable = (path: string): void => {
  mkdirSync(path);
  writeFileSync(join(path, "rows"), "1 2 3");
};

test("what is there is not made again", async () => {
  const made: string[] = [];
  const cache = openDataCache(join(folder, "once"), (text) => made.push(text));
  const path = await cache.file("table", makeTable);
  expect(await cache.file("table", makeTable)).toBe(path);
  expect(made).toEqual(["making table"]);
  expect(readFileSync(join(path, "rows"), "utf8")).toBe("1 2 3");
});

test("a folder that another run made meanwhile is taken, and nothing is left of ours", async () => {
  const cache = openDataCache(join(folder, "twice"), () => {});
  const path = await cache.file("table", (partial) => {
    makeTable(join(folder, "twice", "table"));
    makeTable(partial);
  });
  expect(readdirSync(join(folder, "twice"))).toEqual(["table"]);
  expect(readdirSync(path)).toEqual(["rows"]);
});

test("what could not be made is not there", async () => {
  const cache = openDataCache(join(folder, "never"), () => {});
  const failing = cache.file("table", () => {
    throw new Error("the disk is full");
  });
  await expect(failing).rejects.toThrow("the disk is full");
  expect(readdirSync(join(folder, "never"))).not.toContain("table");
});
