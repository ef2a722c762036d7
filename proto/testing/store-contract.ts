// What every object store must do, as tests: each store's own test file runs them.
import { describe, expect, test } from "vitest";
import type { ObjectStore, PendingUpload } from "../ports/store.ts";

export interface StoreUnderTest {
  readonly store: ObjectStore;
  /** A folder that does not exist yet, without trailing slash; a new one for each test. */
  readonly folderUri: string;
}

type Prepare = () => Promise<StoreUnderTest>;

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (some: Uint8Array): string => new TextDecoder().decode(some);

async function textOf(store: ObjectStore, uri: string): Promise<string> {
  return text(await store.read(uri, 0, 1024 * 1024));
}

async function finished(store: ObjectStore, uri: string, content: string): Promise<PendingUpload> {
  const owner = /[^/-]+-\d+-([^/-]+)-[^/-]+$/.exec(uri)?.[1] ?? "";
  const writer = await store.beginUpload(uri, owner);
  await writer.write(bytes(content));
  return writer.finish();
}

export function storeContract(name: string, prepare: Prepare): void {
  describe(`object store contract: ${name}`, () => {
    readingAndListing(prepare);
    conditionalWrites(prepare);
    uploads(prepare);
    sweeping(prepare);
  });
}

function readingAndListing(prepare: Prepare): void {
  test("ranges end at the end of the object", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/a.txt`;
    await store.putIfAbsent(uri, bytes("0123456789"));
    expect(text(await store.read(uri, 0, 4))).toBe("0123");
    expect(text(await store.read(uri, 8, 100))).toBe("89");
    expect(await store.read(uri, 10, 1)).toHaveLength(0);
    expect(await store.read(uri, 999, 1)).toHaveLength(0);
    expect(await store.read(uri, 3, 0)).toHaveLength(0);
    expect(await store.stat(uri)).toEqual({ uri, sizeBytes: 10 });
  });

  test("absent objects: stat says undefined, read INPUT_NOT_FOUND, list nothing", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/absent`;
    expect(await store.stat(uri)).toBeUndefined();
    await expect(store.read(uri, 0, 1)).rejects.toMatchObject({ code: "INPUT_NOT_FOUND" });
    expect(await store.list(uri)).toEqual([]);
    expect(await store.list(`${folderUri}/`)).toEqual([]);
    expect(await store.list(`${folderUri}/*`)).toEqual([]);
  });

  test("lists an object, a folder, and globs; hidden names are skipped", async () => {
    const { store, folderUri } = await prepare();
    const names = [
      "a.txt",
      "b.csv",
      "x/c.txt",
      "x/y/d.txt",
      "_SUCCESS",
      ".h",
      "_t/e.txt",
      "x/_f.txt",
    ];
    for (const name of names) await store.putIfAbsent(`${folderUri}/${name}`, bytes(name));
    const listed = async (pattern: string) =>
      (await store.list(`${folderUri}${pattern}`)).map((object) => {
        const name = object.uri.slice(folderUri.length + 1);
        expect(object.sizeBytes).toBe(name.length);
        return name;
      });
    const all = ["a.txt", "b.csv", "x/c.txt", "x/y/d.txt"];
    expect(await listed("/")).toEqual(all);
    expect(await listed("")).toEqual(all);
    expect(await listed("/a.txt")).toEqual(["a.txt"]);
    expect(await listed("/a")).toEqual([]);
    expect(await listed("/*")).toEqual(["a.txt", "b.csv"]);
    expect(await listed("/?.{txt,csv}")).toEqual(["a.txt", "b.csv"]);
    expect(await listed("/**/*.txt")).toEqual(["a.txt", "x/c.txt", "x/y/d.txt"]);
    expect(await listed("/x/**")).toEqual(["x/c.txt", "x/y/d.txt"]);
    expect(await listed("/_t/*.txt")).toEqual(["_t/e.txt"]);
    const within = { first: `${folderUri}/b.csv`, last: `${folderUri}/x/y/d.txt` };
    const part = await store.list(`${folderUri}/**/*.*`, within);
    expect(part.map(({ uri }) => uri.slice(folderUri.length + 1))).toEqual(
      all.filter((name) => name >= "b.csv" && name <= "x/y/d.txt"),
    );
  });

  test("sorts by the bytes of the URI, and reads back odd names", async () => {
    const { store, folderUri } = await prepare();
    const odd = ["\u{1f600}", "\uffee", "é", "b", "a b+c&d", "a'(1)!", "a", "B", "a=1", "a<b>"];
    // A folder stands where its name with a '/' does, among files as among folders.
    const names = [
      ...odd,
      "f-1",
      "f.txt",
      "f/2",
      "f/1",
      "f0/1",
      "f%/1",
      "f%0",
      "\uffee-/1",
      "é0/\u{1f600}",
    ];
    for (const name of names) await store.putIfAbsent(`${folderUri}/${name}`, bytes(name));
    const objects = await store.list(`${folderUri}/`);
    const sorted = [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const read = await Promise.all(objects.map((object) => textOf(store, object.uri)));
    expect(read).toEqual(sorted);
  });
}

function conditionalWrites(prepare: Prepare): void {
  test("creates once; says whether what was there is the same", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/_manifest.json`;
    expect(await store.putIfAbsent(uri, bytes("first"))).toBe("written");
    expect(await store.putIfAbsent(uri, bytes("first"))).toBe("same");
    expect(await store.putIfAbsent(uri, bytes("other"))).toBe("different");
    expect(await store.putIfAbsent(uri, bytes("first and more"))).toBe("different");
    expect(await store.putIfAbsent(uri, bytes(""))).toBe("different");
    expect(await textOf(store, uri)).toBe("first");
  });

  test("empty objects are objects", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/_SUCCESS`;
    expect(await store.putIfAbsent(uri, bytes(""))).toBe("written");
    expect(await store.putIfAbsent(uri, bytes(""))).toBe("same");
    expect(await store.putIfAbsent(uri, bytes("x"))).toBe("different");
    expect(await store.read(uri, 0, 10)).toHaveLength(0);
    expect(await store.stat(uri)).toEqual({ uri, sizeBytes: 0 });
  });

  test("of writers at the same time exactly one wins", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/_manifest.json`;
    const contents = Array.from({ length: 8 }, (_, i) => `writer ${i}`);
    const outcomes = await Promise.all(
      contents.map((content) => store.putIfAbsent(uri, bytes(content))),
    );
    expect(outcomes.filter((outcome) => outcome === "written")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === "different")).toHaveLength(7);
    expect(await textOf(store, uri)).toBe(contents[outcomes.indexOf("written")]);
  });
}

function uploads(prepare: Prepare): void {
  test("an upload is invisible until completed, and completing again changes nothing", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/part-00000-job-1.txt`;
    const writer = await store.beginUpload(uri, "job");
    await writer.write(bytes("hello "));
    const reused = bytes("world");
    await writer.write(reused);
    reused.fill(0);
    const upload = await writer.finish();
    expect(upload).toMatchObject({ uri, sizeBytes: 11 });
    expect(await store.stat(uri)).toBeUndefined();
    expect(await store.list(`${folderUri}/`)).toEqual([]);
    const carried: PendingUpload = JSON.parse(JSON.stringify(upload));
    await store.completeUpload(carried);
    expect(await textOf(store, uri)).toBe("hello world");
    await store.completeUpload(carried);
    await Promise.all([store.completeUpload(carried), store.completeUpload(carried)]);
    await store.abortUpload(carried);
    await writer.abort();
    expect(await textOf(store, uri)).toBe("hello world");
  });

  test("completing at the same time from several places succeeds everywhere", async () => {
    const { store, folderUri } = await prepare();
    const upload = await finished(store, `${folderUri}/part-00000-job-1.txt`, "together");
    await Promise.all(Array.from({ length: 5 }, () => store.completeUpload(upload)));
    expect(await textOf(store, upload.uri)).toBe("together");
  });

  test("an empty upload becomes an empty object", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/part-00000-job-1.txt`;
    const upload = await (await store.beginUpload(uri, "job")).finish();
    await store.completeUpload(upload);
    await store.completeUpload(upload);
    expect(await store.stat(uri)).toEqual({ uri, sizeBytes: 0 });
  });

  test("a large upload keeps every byte in order", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/part-00000-job-1.bin`;
    const content = new Uint8Array(18 * 1024 * 1024 + 5);
    for (let i = 0; i < content.length; i++) content[i] = (i * 2654435761) >>> 24;
    const writer = await store.beginUpload(uri, "job");
    for (let start = 0; start < content.length; start += 3_000_001) {
      await writer.write(content.subarray(start, start + 3_000_001));
    }
    const upload = await writer.finish();
    await store.completeUpload(upload);
    await store.completeUpload(upload);
    const read = await store.read(uri, 0, content.length + 1);
    expect(Buffer.compare(read, content)).toBe(0);
  });

  test("never overwrites: other contents under the final name are OUTPUT_EXISTS", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/part-00000-job-1.txt`;
    const [first, twin, other, longer] = await Promise.all(
      ["mine!", "mine!", "yours", "longer"].map((content) => finished(store, uri, content)),
    );
    await store.completeUpload(first as PendingUpload);
    await store.completeUpload(twin as PendingUpload);
    for (const upload of [other, longer]) {
      const refused = store.completeUpload(upload as PendingUpload);
      await expect(refused).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    }
    expect(await textOf(store, uri)).toBe("mine!");
  });

  test("an aborted upload leaves nothing, and cannot be completed", async () => {
    const { store, folderUri } = await prepare();
    const uri = `${folderUri}/part-00000-job-1.txt`;
    const writer = await store.beginUpload(uri, "job");
    await writer.write(bytes("dropped"));
    await writer.abort();
    await writer.abort();
    const upload = await finished(store, uri, "dropped too");
    await store.abortUpload(upload);
    await store.abortUpload(upload);
    expect(await store.sweep(folderUri, "job", 100)).toBe(0);
    await expect(store.completeUpload(upload)).rejects.toMatchObject({
      code: "STORE_UPLOAD_LOST",
      message: expect.stringMatching(/part-00000-job-1\.txt is lost/),
    });
    expect(await store.stat(uri)).toBeUndefined();
  });

  test("an upload whose name does not tell its owner is refused as a mistake of ours", async () => {
    const { store, folderUri } = await prepare();
    await expect(store.beginUpload(`${folderUri}/data.txt`, "job")).rejects.toThrow(/is named/);
  });
}

function sweeping(prepare: Prepare): void {
  test("a sweep aborts the uploads of one owner up to a token below the folder, and nothing else", async () => {
    const { store, folderUri } = await prepare();
    const begun = (name: string) => finished(store, `${folderUri}/${name}`, name);
    const mine = await Promise.all([
      begun("part-00000-job1-4.txt"),
      begun("part-00000-job1-5.txt"),
      begun("part-00000-job1-99_1.txt"),
      begun("country=NL/part-00001-job1-6.txt"),
    ]);
    const kept = await Promise.all([
      begun("part-00000-job12-7.txt"),
      begun("part-00000-1-8.txt"),
      begun("deep/part-00001-job2-9.txt"),
      begun("part-00004-job1-100.txt"),
      begun("part-00004-job1-101_2.txt"),
    ]);
    const elsewhere = await finished(store, `${folderUri}2/part-00000-job1-4.txt`, "elsewhere");
    const shown = await finished(store, `${folderUri}/part-00002-job1-3.txt`, "shown");
    await store.completeUpload(shown);
    const unfinished = await store.beginUpload(`${folderUri}/part-00003-job1-1.txt`, "job1");
    expect(await store.sweep(folderUri, "job1", 100)).toBe(mine.length + 1);
    expect(await store.sweep(`${folderUri}/`, "job1", 100)).toBe(0);
    await unfinished.abort();
    for (const upload of [...kept, elsewhere]) await store.completeUpload(upload);
    for (const upload of mine) await expect(store.completeUpload(upload)).rejects.toThrow(/lost/);
    expect(await textOf(store, shown.uri)).toBe("shown");
  });

  test("a sweep of a folder that does not exist finds nothing", async () => {
    const { store, folderUri } = await prepare();
    expect(await store.sweep(folderUri, "job", 100)).toBe(0);
  });
}
