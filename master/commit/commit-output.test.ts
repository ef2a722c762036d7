// Every call of a commit meets every fault, alone, repeated and beside another leader: the output
// becomes visible once, whole, with the same bytes.

import { afterEach, describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { manifestName, parseManifest } from "../../proto/plan/manifest.ts";
import type { TaskUpload } from "../../proto/ports/executor.ts";
import {
  createMemoryStore,
  type MemoryBucket,
  memoryBucket,
  openUploads,
  type StoreCall,
  type StoreFault,
} from "../../proto/testing/memory-store.ts";
import { commitOutput, type OutputCommit, successMarkerName } from "./commit-output.ts";

const folderUri = "mem://bucket/out/";
const manifestUri = `${folderUri}${manifestName}`;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Finished, invisible uploads of one job, as its tasks left them. */
async function prepared(files: number): Promise<{ bucket: MemoryBucket; commit: OutputCommit }> {
  const bucket = memoryBucket();
  const store = createMemoryStore(bucket);
  const uploads: TaskUpload[] = [];
  for (let index = 0; index < files; index++) {
    const writer = await store.beginUpload(`${folderUri}part-0000${index}-job-7.txt`, "job");
    await writer.write(new TextEncoder().encode(`rows of task ${index}\n`.repeat(index)));
    uploads.push({ ...(await writer.finish()), rows: index, digest: `d${index}` });
  }
  return { bucket, commit: { jobId: "job", actionIndex: 0, folderUri, format: "text", uploads } };
}

/** A reader looks at the bucket: whatever a manifest lists must be there, whole. */
function checkReader(bucket: MemoryBucket): "nothing" | "committed" {
  const bytes = bucket.objects.get(manifestUri);
  if (bytes === undefined) return "nothing";
  for (const file of parseManifest(text(bytes), manifestUri).files) {
    expect(bucket.objects.get(`${folderUri}${file.name}`)).toHaveLength(file.bytes);
  }
  return "committed";
}

/** What befalls one call of a leader. A crashed leader's call never returns to it. */
const mishaps = [
  "refused",
  "replyLost",
  "late",
  "requestLost",
  "crash before",
  "crash after",
] as const;
type Mishap = (typeof mishaps)[number];

/** One leader's store: its `at`-th call has the mishap, and a reader looks before and after each. */
function leaderStore(bucket: MemoryBucket, at: number, mishap: Mishap | "none") {
  const calls: StoreCall[] = [];
  const store = createMemoryStore(bucket, (call): StoreFault | Promise<StoreFault> => {
    checkReader(bucket);
    calls.push(call);
    if (calls.length - 1 !== at || mishap === "none") return "none";
    switch (mishap) {
      case "crash before":
        return new Promise<never>(() => {});
      case "crash after":
        return "replyLost";
      default:
        return mishap;
    }
  });
  return { store, calls };
}

type Attempt = "done" | "crashed" | EngineError;

/** Runs one attempt until it ends or its process would have died. */
async function attempt(
  bucket: MemoryBucket,
  commit: OutputCommit,
  at: number,
  mishap: Mishap | "none",
): Promise<Attempt> {
  const { store } = leaderStore(bucket, at, mishap);
  const run = commitOutput(store, commit).then(
    (): Attempt => "done",
    (thrown: unknown): Attempt => {
      // What the reader saw is no failure of the store.
      if (!(thrown instanceof EngineError)) throw thrown;
      return mishap === "crash after" ? "crashed" : thrown;
    },
  );
  // Nothing in memory takes more turns than this: an attempt without an end waits for a dead store.
  let turns = 200;
  const given = (async (): Promise<Attempt> => {
    while (turns-- > 0) await Promise.resolve();
    return "crashed";
  })();
  return Promise.race([run, given]);
}

/** Until it is done, as leaders do. */
async function repeat(bucket: MemoryBucket, commit: OutputCommit): Promise<void> {
  expect(await attempt(bucket, commit, -1, "none")).toBe("done");
}

async function countCalls(files: number): Promise<number> {
  const { bucket, commit } = await prepared(files);
  const { store, calls } = leaderStore(bucket, -1, "none");
  await commitOutput(store, commit);
  return calls.length;
}

async function bytesWithoutFaults(files: number): Promise<string> {
  const { bucket, commit } = await prepared(files);
  await repeat(bucket, commit);
  return text(bucket.objects.get(manifestUri)!);
}

async function checkEnd(bucket: MemoryBucket, commit: OutputCommit, wanted: string): Promise<void> {
  // A late request arrives after all is over, and changes nothing.
  for (const arrive of bucket.late.splice(0)) {
    arrive();
    checkReader(bucket);
  }
  expect(checkReader(bucket)).toBe("committed");
  expect(text(bucket.objects.get(manifestUri)!)).toBe(wanted);
  expect(bucket.objects.get(`${folderUri}${successMarkerName}`)).toHaveLength(0);
  expect(bucket.objects.size).toBe(commit.uploads.length + 2);
  expect(openUploads(bucket)).toEqual([]);
}

let cases = 0;
afterEach(() => {
  cases = 0;
});

describe.each([0, 1, 3])("a commit of %i files", (files) => {
  test("each call × each mishap, and then the same leader or a new one tries again", async () => {
    const wanted = await bytesWithoutFaults(files);
    const calls = await countCalls(files);
    for (let at = 0; at < calls; at++) {
      for (const mishap of mishaps) {
        for (const arrival of ["late last", "late before the next try"] as const) {
          const { bucket, commit } = await prepared(files);
          expect(await attempt(bucket, commit, at, mishap)).not.toBe("done");
          if (arrival !== "late last") for (const arrive of bucket.late.splice(0)) arrive();
          checkReader(bucket);
          await repeat(bucket, commit);
          await checkEnd(bucket, commit, wanted);
          cases++;
        }
      }
    }
    expect(cases).toBe(calls * mishaps.length * 2);
  });

  test("each call × each mishap of the old leader, while a new one commits at the same time", async () => {
    const wanted = await bytesWithoutFaults(files);
    const calls = await countCalls(files);
    for (let at = 0; at < calls; at++) {
      for (const mishap of mishaps) {
        const { bucket, commit } = await prepared(files);
        await Promise.all([attempt(bucket, commit, at, mishap), repeat(bucket, commit)]);
        await checkEnd(bucket, commit, wanted);
      }
    }
  });

  test("two leaders in every order of their calls", async () => {
    const wanted = await bytesWithoutFaults(files);
    const calls = await countCalls(files);
    // Bit by bit: whose call goes next.
    for (let order = 0; order < 2 ** Math.min(2 * calls, 10); order++) {
      const { bucket, commit } = await prepared(files);
      const gates: (() => void)[][] = [[], []];
      const store = (leader: number) =>
        createMemoryStore(bucket, (): Promise<StoreFault> => {
          checkReader(bucket);
          return new Promise((resolve) => gates[leader]!.push(() => resolve("none")));
        });
      const both = Promise.all([0, 1].map((leader) => commitOutput(store(leader), commit)));
      let over = false;
      const end = () => {
        over = true;
      };
      both.then(end, end);
      for (let turn = 0; !over; turn++) {
        for (let settle = 0; settle < 20; settle++) await Promise.resolve();
        const first = (order >> (turn % 10)) & 1;
        (gates[first]!.shift() ?? gates[1 - first]!.shift())?.();
      }
      await both;
      await checkEnd(bucket, commit, wanted);
    }
  });

  test("a foreign manifest is kept, is named, and none of our files appears beside it", async () => {
    const { bucket, commit } = await prepared(files);
    bucket.objects.set(manifestUri, new TextEncoder().encode("theirs"));
    await expect(commitOutput(createMemoryStore(bucket), commit)).rejects.toMatchObject({
      code: "OUTPUT_EXISTS",
      message: expect.stringContaining(folderUri),
    });
    expect([...bucket.objects]).toEqual([[manifestUri, new TextEncoder().encode("theirs")]]);
    expect(openUploads(bucket)).toHaveLength(files);
  });

  test("a foreign manifest that comes first by a hair wins, and lists nothing of ours", async () => {
    const { bucket, commit } = await prepared(files);
    const store = createMemoryStore(bucket, ({ operation }) => {
      if (operation === "putIfAbsent") bucket.objects.set(manifestUri, new Uint8Array([1]));
      return "none";
    });
    await expect(commitOutput(store, commit)).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    expect(bucket.objects.get(manifestUri)).toEqual(new Uint8Array([1]));
    expect(bucket.objects.has(`${folderUri}${successMarkerName}`)).toBe(false);
  });
});

test("once committed it stays committed, even where a file was removed since", async () => {
  const { bucket, commit } = await prepared(2);
  await repeat(bucket, commit);
  bucket.objects.delete(commit.uploads[0]!.uri);
  await commitOutput(createMemoryStore(bucket), commit);
});

test("an upload that the store lost ends the commit before anything is visible to readers", async () => {
  const { bucket, commit } = await prepared(2);
  const store = createMemoryStore(bucket);
  await store.abortUpload(commit.uploads[1]!);
  await expect(commitOutput(store, commit)).rejects.toMatchObject({ code: "STORE_UPLOAD_LOST" });
  expect(bucket.objects.has(manifestUri)).toBe(false);
});

test("control: a commit that puts its manifest first is caught by the reader", async () => {
  const { bucket, commit } = await prepared(1);
  const whole = await prepared(1);
  await repeat(whole.bucket, whole.commit);
  bucket.objects.set(manifestUri, whole.bucket.objects.get(manifestUri)!);
  expect(() => checkReader(bucket)).toThrow();
  expect(commit.uploads).toHaveLength(1);
});
