// Reading of committed outputs of each format, from a store in memory.

import { describe, expect, test } from "vitest";
import { batchOfRows } from "../../proto/batch/batch.ts";
import { batchesToFileBytes } from "../../proto/batch/ipc.ts";
import { readBytesMax } from "../../proto/limits.ts";
import type { OutputFormat } from "../../proto/plan/logical.ts";
import { createManifest, manifestBytes } from "../../proto/plan/manifest.ts";
import { createMemoryStore, memoryBucket } from "../../proto/testing/memory-store.ts";
import { readOutput } from "./result.ts";

const folder = "mem://out/words/";

/** A committed output of these files, listed in this order. */
function committed(format: OutputFormat, files: readonly (readonly [string, Uint8Array])[]) {
  const bucket = memoryBucket();
  for (const [name, bytes] of files) bucket.objects.set(folder + name, bytes);
  const listed = files.map(([name, bytes]) => ({ name, rows: 1, bytes: bytes.length, digest: "" }));
  const manifest = createManifest({ jobId: "job-1", actionIndex: 0, format }, listed);
  bucket.objects.set(`${folder}_manifest.json`, manifestBytes(manifest));
  return { bucket, store: createMemoryStore(bucket) };
}

const text = (content: string): Uint8Array => new TextEncoder().encode(content);

async function all<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

describe("rows of a committed output", () => {
  test("text: in the order of the manifest, whatever the names, and nothing beside it", async () => {
    const { bucket, store } = committed("text", [
      ["part-9.txt", text("\ufefffirst\n\n")],
      ["part-1.txt", text("last\r\n")],
    ]);
    bucket.objects.set(`${folder}part-0.txt`, text("a stranger\n"));
    const output = await readOutput(store, folder.slice(0, -1));
    expect(output.manifest.files).toHaveLength(2);
    expect(await all(output.rows())).toEqual(["\ufefffirst", "", "last\r"]);
    expect(await all(output.lines())).toEqual(["\ufefffirst", "", "last\r"]);
  });

  test("NDJSON", async () => {
    const { store } = committed("ndjson", [["part-0.ndjson", text('{"a":1}\n[2]\n"x"\n')]]);
    const output = await readOutput(store, folder);
    expect(await all(output.rows())).toEqual([{ a: 1 }, [2], "x"]);
    expect(await all(output.lines())).toEqual(['{"a":1}', "[2]", '"x"']);
  });

  test("Arrow, with its types", async () => {
    const rows = [
      { at: new Date(5), big: 2n ** 60n },
      { at: new Date(6), big: 1n },
    ];
    const { store } = committed("arrow", [
      ["part-0.arrow", batchesToFileBytes([batchOfRows(rows)])],
    ]);
    const output = await readOutput(store, folder);
    expect(await all(output.rows())).toEqual(rows);
    await expect(all(output.lines())).rejects.toMatchObject({ code: "USAGE" });
  });

  test("lines that lie across reads, with characters that do", async () => {
    const long = "é😀".repeat(readBytesMax / 4);
    const { store } = committed("text", [["part-0.txt", text(`x\n${long}\nend\n`)]]);
    const output = await readOutput(store, folder);
    expect(await all(output.lines())).toEqual(["x", long, "end"]);
  });

  test("an output without rows", async () => {
    const output = await readOutput(committed("ndjson", []).store, folder);
    expect(await all(output.rows())).toEqual([]);
  });
});

describe("what is no committed output", () => {
  test("a folder without a manifest", async () => {
    const { bucket, store } = committed("text", [["part-0.txt", text("a\n")]]);
    bucket.objects.delete(`${folder}_manifest.json`);
    await expect(readOutput(store, folder)).rejects.toMatchObject({
      code: "OUTPUT_NOT_COMMITTED",
      message: expect.stringContaining(folder),
    });
  });

  test("files that were changed or removed since", async () => {
    const { bucket, store } = committed("text", [["part-0.txt", text("a\n")]]);
    const output = await readOutput(store, folder);
    bucket.objects.set(`${folder}part-0.txt`, text("longer\n"));
    await expect(all(output.rows())).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
    bucket.objects.delete(`${folder}part-0.txt`);
    await expect(all(output.rows())).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
  });
});
