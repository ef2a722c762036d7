// Every operation of the S3 store under every fault of the network: the right outcome, never two,
// never none.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type FaultProxy,
  type ProxiedRequest,
  type StoreNetworkFault,
  startFaultProxy,
} from "../../bench/minio/fault-proxy.ts";
import { minioForTests } from "../../bench/minio/for-tests.ts";
import { storeAttemptsMax } from "../limits/store.ts";
import { createS3Store } from "./s3-store.ts";
import { probeConditionalPuts, type ScratchStore } from "./store-probe.ts";

const minio = await minioForTests();
const bytes = (text: string) => new TextEncoder().encode(text);

const faults: readonly StoreNetworkFault[] = [
  { when: "before", answer: 500 },
  { when: "before", answer: 503 },
  { when: "before", answer: "close" },
  { when: "after", answer: 500 },
  { when: "after", answer: 503 },
  { when: "after", answer: "close" },
];
const silences: readonly StoreNetworkFault[] = [
  { when: "before", answer: "silence" },
  { when: "after", answer: "silence" },
];
const onlyWrites: readonly StoreNetworkFault[] = [
  { when: "before", answer: 409 },
  { when: "after", answer: 409 },
  { when: "after", answer: 412 },
];
const onlyCompletes: readonly StoreNetworkFault[] = [
  { when: "before", answer: "okWithError" },
  { when: "after", answer: "okWithError" },
  { when: "after", answer: 404 },
];

const isPut = ({ method, url }: ProxiedRequest) => method === "PUT" && !url.includes("?");
const isBegin = ({ method, url }: ProxiedRequest) => method === "POST" && url.includes("uploads=");
const isPart = ({ url }: ProxiedRequest) => url.includes("partNumber=");
const isComplete = ({ method, url }: ProxiedRequest) =>
  method === "POST" && url.includes("uploadId=");
const isAbort = ({ method }: ProxiedRequest) => method === "DELETE";
const isRead = ({ method }: ProxiedRequest) => method === "GET" || method === "HEAD";

describe.skipIf(minio.absent)(`S3 store behind a bad network${minio.note}`, () => {
  let proxy: FaultProxy;
  /** Through the proxy, and around it. */
  let store: ScratchStore;
  let calm: ScratchStore;
  /** Through the proxy, and soon tired of waiting. */
  let hasty: ScratchStore;
  let folders = 0;
  const newFolder = () => `s3://faults/f${folders++}`;

  beforeAll(async () => {
    const server = await minio.server();
    await server.makeBucket("faults");
    proxy = await startFaultProxy(server.endpoint);
    const options = { ...server, endpoint: proxy.endpoint };
    store = createS3Store(options, { pauseMs: 1 });
    hasty = createS3Store(options, { pauseMs: 1, silenceMs: 400 });
    calm = createS3Store(server);
  }, 60_000);
  afterAll(() => proxy?.stop());

  const textOf = async (uri: string) => new TextDecoder().decode(await calm.read(uri, 0, 1 << 20));
  const begun = async (folder: string) => {
    const writer = await store.beginUpload(`${folder}/part-00000-job-1.txt`, "job");
    await writer.write(bytes("content"));
    return writer;
  };

  test.each([...faults, ...onlyWrites])("create: once $when the effect $answer", async (fault) => {
    const uri = `${newFolder()}/_manifest.json`;
    proxy.fail(fault, isPut, 1);
    const applied = fault.when === "after";
    expect(await store.putIfAbsent(uri, bytes("mine"))).toBe(applied ? "same" : "written");
    expect(proxy.struck()).toBe(1);
    expect(await textOf(uri)).toBe("mine");
    proxy.fail(fault, isPut, 1);
    expect(await store.putIfAbsent(uri, bytes("other"))).toBe("different");
    expect(proxy.struck()).toBe(1);
    expect(await textOf(uri)).toBe("mine");
  });

  test.each([...faults, ...onlyWrites, ...onlyCompletes])(
    "complete: once $when the effect $answer",
    async (fault) => {
      const folder = newFolder();
      const upload = await (await begun(folder)).finish();
      proxy.fail(fault, isComplete, 1);
      await store.completeUpload(upload);
      expect(proxy.struck()).toBe(1);
      expect(await textOf(upload.uri)).toBe("content");
      proxy.fail(fault, isComplete, 1);
      await store.completeUpload(upload);
      expect(proxy.struck()).toBe(1);
      expect(await calm.sweep(folder, "job", 1_000)).toBe(0);
    },
  );

  test.each(faults)("begin, part, abort: once $when the effect $answer", async (fault) => {
    const folder = newFolder();
    proxy.fail(fault, isBegin, 1);
    const writer = await begun(folder);
    expect(proxy.struck()).toBe(1);
    proxy.fail(fault, isPart, 1);
    const upload = await writer.finish();
    expect(proxy.struck()).toBe(1);
    await store.completeUpload(upload);
    expect(await textOf(upload.uri)).toBe("content");
    // A begin whose answer was lost leaves an upload that nobody holds: the sweep finds it.
    expect(await calm.sweep(folder, "job", 1_000)).toBe(fault.when === "after" ? 1 : 0);
    const dropped = await begun(`${folder}/dropped`);
    proxy.fail(fault, isAbort, 1);
    await dropped.abort();
    expect(proxy.struck()).toBe(1);
    expect(await calm.sweep(folder, "job", 1_000)).toBe(0);
  });

  test.each(faults)("read, stat, list: once $when the effect $answer", async (fault) => {
    const folder = newFolder();
    await calm.putIfAbsent(`${folder}/a`, bytes("a"));
    for (const ask of [
      async () => expect(await store.read(`${folder}/a`, 0, 9)).toEqual(Buffer.from("a")),
      async () => expect((await store.stat(`${folder}/a`))?.sizeBytes).toBe(1),
      async () => expect(await store.list(`${folder}/`)).toHaveLength(1),
    ]) {
      proxy.fail(fault, isRead, 1);
      await ask();
      expect(proxy.struck()).toBe(1);
    }
  });

  test.each(silences)("create and complete: once $when the effect silence", async (fault) => {
    const folder = newFolder();
    const uri = `${folder}/_manifest.json`;
    proxy.fail(fault, isPut, 1);
    const outcome = await hasty.putIfAbsent(uri, bytes("mine"));
    if (fault.when === "after") expect(outcome).toBe("same");
    expect(await hasty.putIfAbsent(uri, bytes("mine"))).toBe("same");
    const upload = await (await begun(folder)).finish();
    proxy.fail(fault, isComplete, 1);
    await hasty.completeUpload(upload);
    expect(proxy.struck()).toBe(1);
    expect(await textOf(upload.uri)).toBe("content");
  });

  test.each(faults)("a create that is never answered ($when, $answer)", async (fault) => {
    const uri = `${newFolder()}/_manifest.json`;
    proxy.fail(fault, isPut, Number.POSITIVE_INFINITY);
    const outcome = store.putIfAbsent(uri, bytes("mine"));
    if (fault.when === "after") {
      // The answers are lost, but what stands there tells.
      expect(await outcome).toBe("same");
    } else await expect(outcome).rejects.toMatchObject({ code: "STORE_UNKNOWN_OUTCOME" });
    expect(proxy.struck()).toBe(storeAttemptsMax);
    expect(await calm.putIfAbsent(uri, bytes("mine"))).toMatch(/same|written/);
  });

  test.each(faults)("a completion that is never answered ($when, $answer)", async (fault) => {
    const folder = newFolder();
    const upload = await (await begun(folder)).finish();
    proxy.fail(fault, isComplete, Number.POSITIVE_INFINITY);
    const outcome = store.completeUpload(upload);
    if (fault.when === "after") await outcome;
    else await expect(outcome).rejects.toMatchObject({ code: "STORE_UNKNOWN_OUTCOME" });
    expect(proxy.struck()).toBe(storeAttemptsMax);
    // Nothing was given up: whoever tries next succeeds.
    await calm.completeUpload(upload);
    expect(await textOf(upload.uri)).toBe("content");
  });

  test("no answer at all: reads fail, writes are unknown, and conflicts end", async () => {
    const folder = newFolder();
    const upload = await (await begun(folder)).finish();
    proxy.fail({ when: "before", answer: "close" }, () => true, Number.POSITIVE_INFINITY);
    await expect(store.stat(`${folder}/a`)).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(store.list(`${folder}/`)).rejects.toMatchObject({ code: "STORE_FAILED" });
    const unknown = { code: "STORE_UNKNOWN_OUTCOME" };
    await expect(store.putIfAbsent(`${folder}/a`, bytes("a"))).rejects.toMatchObject(unknown);
    await expect(store.completeUpload(upload)).rejects.toMatchObject(unknown);
    proxy.fail({ when: "before", answer: 409 }, () => true, Number.POSITIVE_INFINITY);
    const conflict = { code: "STORE_FAILED", message: expect.stringMatching(/409/) };
    await expect(store.putIfAbsent(`${folder}/a`, bytes("a"))).rejects.toMatchObject(conflict);
    await expect(store.completeUpload(upload)).rejects.toMatchObject(conflict);
    await calm.completeUpload(upload);
  });

  test("a store that ignores the condition is found out", async () => {
    const folder = newFolder();
    // Answers 200 to every conditional write, whatever became of it.
    proxy.fail({ when: "after", answer: 200 }, isPut, Number.POSITIVE_INFINITY);
    await expect(probeConditionalPuts(store, folder)).rejects.toMatchObject({
      code: "STORE_UNSAFE",
      message: expect.stringMatching(/told 8 of 8/),
    });
    proxy.fail({ when: "before", answer: 501 }, isPut, Number.POSITIVE_INFINITY);
    await expect(probeConditionalPuts(store, folder)).rejects.toMatchObject({
      code: "STORE_UNSAFE",
    });
  });

  test("the probe passes while answers are lost", async () => {
    proxy.fail({ when: "after", answer: "close" }, isPut, 10);
    await probeConditionalPuts(store, newFolder());
    expect(proxy.struck()).toBe(10);
  });
});
