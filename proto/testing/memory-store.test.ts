// The memory store: the contract of every store, and its faults.
import { describe, expect, test } from "vitest";
import type { ObjectStore } from "../ports/store.ts";
import { createMemoryStore, memoryBucket, openUploads, type StoreFault } from "./memory-store.ts";
import { storeContract } from "./store-contract.ts";

storeContract("mem://", async () => ({
  store: createMemoryStore(),
  folderUri: "mem://bucket/out",
}));

const uri = "mem://bucket/out/part-00000-job-1.txt";
const bytes = (text: string) => new TextEncoder().encode(text);

/** A store whose next call meets the fault, and a calm one on the same bucket. */
function faulty(fault: StoreFault, operation: string) {
  const bucket = memoryBucket();
  const store = createMemoryStore(bucket, (call) =>
    call.operation === operation ? fault : "none",
  );
  return { bucket, store, calm: createMemoryStore(bucket) };
}

async function finished(store: ObjectStore) {
  const writer = await store.beginUpload(uri, "job");
  await writer.write(bytes("data"));
  return writer.finish();
}

const visible: readonly (readonly [StoreFault, string, boolean, boolean])[] = [
  ["refused", "STORE_FAILED", false, false],
  ["replyLost", "STORE_UNKNOWN_OUTCOME", true, true],
  ["late", "STORE_UNKNOWN_OUTCOME", false, true],
  ["requestLost", "STORE_UNKNOWN_OUTCOME", false, false],
];

describe("faults of the memory store", () => {
  test.each(visible)(
    "%s: %s; effect at once %s, in the end %s",
    async (fault, code, now, later) => {
      const { bucket, store, calm } = faulty(fault, "completeUpload");
      const upload = await finished(store);
      await expect(store.completeUpload(upload)).rejects.toMatchObject({ code });
      expect((await calm.stat(uri)) !== undefined).toBe(now);
      for (const arrive of bucket.late.splice(0)) arrive();
      expect((await calm.stat(uri)) !== undefined).toBe(later);
      await calm.completeUpload(upload);
      expect(openUploads(bucket)).toEqual([]);
    },
  );

  test("a late completion of an aborted upload shows nothing", async () => {
    const { bucket, store, calm } = faulty("late", "completeUpload");
    const upload = await finished(store);
    await expect(store.completeUpload(upload)).rejects.toThrow(/no answer/);
    await calm.abortUpload(upload);
    for (const arrive of bucket.late.splice(0)) arrive();
    expect(await calm.stat(uri)).toBeUndefined();
  });

  test("a late conditional write does not replace what came first", async () => {
    const { bucket, store, calm } = faulty("late", "putIfAbsent");
    await expect(store.putIfAbsent(uri, bytes("late"))).rejects.toThrow(/no answer/);
    expect(await calm.putIfAbsent(uri, bytes("first"))).toBe("written");
    for (const arrive of bucket.late.splice(0)) arrive();
    expect(new TextDecoder().decode(await calm.read(uri, 0, 99))).toBe("first");
  });

  test("reads fail plainly, and a failed write breaks its writer", async () => {
    const reading = faulty("late", "read");
    await expect(reading.store.read(uri, 0, 1)).rejects.toMatchObject({ code: "STORE_FAILED" });
    expect(reading.bucket.late).toEqual([]);
    const { store } = faulty("refused", "write");
    const writer = await store.beginUpload(uri, "job");
    await expect(writer.write(bytes("x"))).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(writer.finish()).rejects.toThrow(/finished once/);
    await writer.abort();
  });
});
