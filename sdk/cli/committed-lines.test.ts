// Rows of a committed output come in its order, and only what the manifest lists counts.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchOfRows } from "../../proto/batch/batch.ts";
import { batchesToFileBytes } from "../../proto/batch/ipc.ts";
import type { OutputFormat } from "../../proto/plan/logical.ts";
import { createManifest, manifestBytes, manifestName } from "../../proto/plan/manifest.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { createMemoryStore } from "../../proto/testing/memory-store.ts";
import { committedLines } from "./committed-lines.ts";

const folder = "mem://bucket/out/";
const all = { json: false, rowsMax: Number.POSITIVE_INFINITY };

async function commit(
  store: ObjectStore,
  format: OutputFormat,
  contents: readonly (string | Uint8Array)[],
): Promise<void> {
  const files = [];
  for (const [index, content] of contents.entries()) {
    const name = `part-${index}.${format}`;
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    await store.putIfAbsent(folder + name, bytes);
    files.push({ name, rows: 0, bytes: bytes.length, digest: "" });
  }
  const manifest = createManifest({ jobId: "job-1", actionIndex: 0, format }, files);
  await store.putIfAbsent(folder + manifestName, manifestBytes(manifest));
}

async function textOf(store: ObjectStore, options = all): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of committedLines(store, folder, options)) {
    text += decoder.decode(bytes, { stream: true });
  }
  return text;
}

describe("committed outputs", () => {
  test("files come in the manifest's order; others are not looked at", async () => {
    const store = createMemoryStore();
    await commit(store, "text", ["b\n", "", "a\nc\n"]);
    await store.putIfAbsent(`${folder}part-9.text`, new TextEncoder().encode("stray\n"));
    expect(await textOf(store)).toBe("b\na\nc\n");
  });

  test("a limit takes the first lines, wherever files end", async () => {
    const lines = fc.array(
      fc.array(
        fc.string().map((text) => text.replaceAll("\n", "")),
        { maxLength: 5 },
      ),
      {
        maxLength: 4,
      },
    );
    await fc.assert(
      fc.asyncProperty(lines, fc.nat(12), async (files, rowsMax) => {
        const store = createMemoryStore();
        await commit(
          store,
          "text",
          files.map((rows) => rows.map((row) => `${row}\n`).join("")),
        );
        const expected = files
          .flat()
          .slice(0, rowsMax)
          .map((row) => `${row}\n`);
        const asText = new TextDecoder().decode(new TextEncoder().encode(expected.join("")));
        expect(await textOf(store, { json: false, rowsMax })).toBe(asText);
      }),
      { numRuns: 50 },
    );
  });

  test("text as JSON", async () => {
    const store = createMemoryStore();
    await commit(store, "text", ['say "hi"\n', "ä\n"]);
    expect(await textOf(store, { json: true, rowsMax: 5 })).toBe('"say \\"hi\\""\n"ä"\n');
  });

  test("Arrow files become NDJSON", async () => {
    const store = createMemoryStore();
    const rows = [
      { word: "a", count: 2n },
      { word: "b", count: 1n },
    ];
    await commit(store, "arrow", [batchesToFileBytes([batchOfRows(rows)])]);
    expect(await textOf(store)).toBe('{"word":"a","count":2}\n{"word":"b","count":1}\n');
    expect(await textOf(store, { ...all, rowsMax: 1 })).toBe('{"word":"a","count":2}\n');
  });

  test("without a manifest nothing is shown", async () => {
    const store = createMemoryStore();
    await store.putIfAbsent(`${folder}part-0.text`, new TextEncoder().encode("early\n"));
    await expect(textOf(store)).rejects.toMatchObject({ code: "OUTPUT_NOT_COMMITTED" });
  });

  test("a file that is not the committed one is refused", async () => {
    const store = createMemoryStore();
    const files = [{ name: "part-0.text", rows: 1, bytes: 2, digest: "" }];
    const manifest = createManifest({ jobId: "j", actionIndex: 0, format: "text" }, files);
    await store.putIfAbsent(folder + manifestName, manifestBytes(manifest));
    await expect(textOf(store)).rejects.toThrow("part-0.text is gone, but 2 bytes were committed");
    await store.putIfAbsent(`${folder}part-0.text`, new TextEncoder().encode("abc\n"));
    await expect(textOf(store)).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
  });
});
