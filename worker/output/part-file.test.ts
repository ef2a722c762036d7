// Bytes of a file are written in order, one piece while the next is made.

import { expect, test } from "vitest";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { PartFile } from "./part-file.ts";

/** Notes what it is asked for; each write ends when it is told to. */
function heldStore() {
  const told: string[] = [];
  const ends: { resolve(): void; reject(error: Error): void }[] = [];
  const writer = {
    write: (bytes: Uint8Array) => {
      told.push(`write ${bytes}`);
      return new Promise<void>((resolve, reject) => ends.push({ resolve, reject }));
    },
    finish: async () => {
      told.push("finish");
      return { uri: "file:/out/part", uploadId: "u", etags: [], sizeBytes: 0 };
    },
    abort: async () => void told.push("abort"),
  };
  const store = { beginUpload: async () => writer } as unknown as ObjectStore;
  const target = { store, folderUri: "file:/out/", jobId: "job", taskIndex: 0, token: 1 };
  const file = new PartFile(target, { folder: "", index: 0, extension: "txt" });
  return { file, told, ends };
}

/** Promises that can settle have done so after it. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("the next piece may be made while one is written, but not the one after", async () => {
  const { file, told, ends } = heldStore();
  await file.write(Uint8Array.of(1));
  const second = file.write(Uint8Array.of(2)).then(() => told.push("second taken"));
  await settled();
  expect(told).toEqual(["write 1"]);
  ends[0]!.resolve();
  await second;
  const finished = file.finish(2);
  await settled();
  expect(told).toEqual(["write 1", "write 2", "second taken"]);
  ends[1]!.resolve();
  expect(await finished).toMatchObject({ rows: 2, digest: file.digest });
  expect(told.at(-1)).toBe("finish");
});

test("a failure is met by the next piece, or in the end", async () => {
  for (const next of ["write", "finish"] as const) {
    const { file, told, ends } = heldStore();
    await file.write(Uint8Array.of(1));
    ends[0]!.reject(new Error("no space left"));
    await settled();
    const failing = next === "write" ? file.write(Uint8Array.of(2)) : file.finish(1);
    await expect(failing).rejects.toThrow("no space left");
    await file.abort();
    expect(told).toEqual(["write 1", "abort"]);
  }
});

test("an abort waits for what is being written", async () => {
  const { file, told, ends } = heldStore();
  await file.write(Uint8Array.of(1));
  const aborted = file.abort();
  await settled();
  expect(told).toEqual(["write 1"]);
  ends[0]!.resolve();
  await aborted;
  expect(told).toEqual(["write 1", "abort"]);
});
