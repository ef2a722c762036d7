// A held file is the same for all that is read of it; nothing stays open afterwards.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { assert } from "../../proto/errors.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import type { ByteReader } from "../sources/byte-reader.ts";
import { inputReader } from "./file-reader.ts";

const bytes = Uint8Array.from({ length: 1000 }, (_, index) => index % 251);
const reader = inputReader({} as ObjectStore);
let folder = "";
let path = "";
let uri = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "file reader "));
  path = join(folder, "one file");
  writeFileSync(path, bytes);
  uri = pathToFileURL(path).href;
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function held() {
  const file = reader.hold?.(uri);
  assert(file !== undefined, "files can be held");
  return file;
}

async function read(from: ByteReader, start: number, end: number, blockBytes?: number) {
  const blocks = from.openRange(uri, start, end, blockBytes);
  const all: number[] = [];
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    all.push(...block);
  }
  blocks.close();
  return all;
}

const slice = (start: number, end: number) => Array.from(bytes.subarray(start, end));

test("all ranges are of the file that was opened first, also where another takes its place", async () => {
  const file = held();
  expect(await read(file, 0, 100)).toEqual(slice(0, 100));
  rmSync(path);
  writeFileSync(path, "another");
  expect(await read(file, 50, 1000, 7)).toEqual(slice(50, 1000));
  expect(await read(file, 3, 4)).toEqual(slice(3, 4));
  file.close();
  file.close();
  const other = Array.from(new TextEncoder().encode("another"));
  expect(await read(reader, 0, 7)).toEqual(other);
});

test("what is read after all is closed opens the file for itself alone", async () => {
  const file = held();
  const late = file.openRange(uri, 0, 1000, 600);
  const begun = file.openRange(uri, 0, 1000, 600);
  expect((await begun.next())?.length).toBe(600);
  file.close();
  expect((await begun.next())?.length).toBe(400);
  begun.close();
  expect((await late.next())?.length).toBe(600);
  late.close();
  expect(await late.next()).toBeUndefined();
  rmSync(path);
  await expect(read(file, 0, 10)).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
});

test("a file that is gone or shorter is told, held or not", async () => {
  const file = held();
  for (const from of [reader, file]) {
    await expect(read(from, 900, 1001)).rejects.toMatchObject({ code: "INPUT_UNREADABLE" });
    expect(await read(from, 900, 1000)).toEqual(slice(900, 1000));
  }
  file.close();
  rmSync(path);
  for (const from of [reader, held()]) {
    await expect(read(from, 0, 10)).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
  }
});

test("what is not a file is not held", () => {
  expect(reader.hold?.("s3://bucket/key")).toBeUndefined();
});
