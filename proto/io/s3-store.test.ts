// The S3 store against a real MinIO: the contract of every store, and what is special to S3.
import { beforeAll, describe, expect, test } from "vitest";
import { minioForTests } from "../../bench/minio/for-tests.ts";
import { storeContract } from "../testing/store-contract.ts";
import { createS3Store } from "./s3-store.ts";
import { probeConditionalPuts, type ScratchStore } from "./store-probe.ts";
import { multipartEtag } from "./store-s3-upload.ts";

const minio = await minioForTests();
const bytes = (text: string) => new TextEncoder().encode(text);

describe.skipIf(minio.absent)(`S3 store on MinIO${minio.note}`, () => {
  let store: ScratchStore;
  let folders = 0;
  const newFolder = () => `s3://contract/f${folders++}`;

  beforeAll(async () => {
    const server = await minio.server();
    await server.makeBucket("contract");
    store = createS3Store(server, { pauseMs: 5 });
  }, 60_000);

  storeContract("s3://", async () => ({ store, folderUri: newFolder() }));

  test("the conditional put probe passes, and leaves nothing", async () => {
    const folder = newFolder();
    await probeConditionalPuts(store, folder);
    expect(await store.list(`${folder}/_*`)).toEqual([]);
    expect(await store.list("s3://contract/")).not.toContainEqual(
      expect.objectContaining({ uri: expect.stringContaining("probe") }),
    );
  });

  test("a bucket that does not exist is named", async () => {
    const absent = "s3://no-such-bucket/a-1-job-1";
    const expected = { code: "INPUT_NOT_FOUND", message: expect.stringMatching(/NoSuchBucket/) };
    await expect(store.list("s3://no-such-bucket/")).rejects.toMatchObject(expected);
    await expect(store.putIfAbsent(absent, bytes("x"))).rejects.toMatchObject(expected);
    await expect(store.beginUpload(absent, "job")).rejects.toMatchObject(expected);
  });

  test("wrong credentials are STORE_DENIED, and not in the message", async () => {
    const server = await minio.server();
    const secretKey = "not-the-secret-key";
    const stranger = createS3Store({ ...server, secretKey });
    const uri = `${newFolder()}/part-0-job-1.txt`;
    const denied = { code: "STORE_DENIED", message: expect.not.stringContaining(secretKey) };
    await expect(stranger.stat(uri)).rejects.toMatchObject(denied);
    await expect(stranger.read(uri, 0, 1)).rejects.toMatchObject(denied);
    await expect(stranger.list(uri)).rejects.toMatchObject(denied);
    await expect(stranger.putIfAbsent(uri, bytes("x"))).rejects.toMatchObject(denied);
    await expect(stranger.beginUpload(uri, "job")).rejects.toMatchObject(denied);
  });

  test("a listing of more than one page is complete", async () => {
    const folder = newFolder();
    const names = Array.from(
      { length: 1003 },
      (_, i) => `${folder}/n${String(i).padStart(4, "0")}`,
    );
    for (let start = 0; start < names.length; start += 59) {
      const some = names.slice(start, start + 59);
      await Promise.all(some.map((uri) => store.putIfAbsent(uri, bytes(""))));
    }
    expect((await store.list(`${folder}/`)).map((object) => object.uri)).toEqual(names);
  }, 30_000);

  test("two contents of equal size are told apart by the ETag of their parts", async () => {
    const etag = multipartEtag(["0cc175b9c0f1b6a831c399e269772661"]);
    expect(etag).toMatch(/^[0-9a-f]{32}-1$/);
    expect(multipartEtag([])).toBeUndefined();
    expect(multipartEtag(["opaque"])).toBeUndefined();
    const uri = `${newFolder()}/part-0-job-1.txt`;
    const writer = await store.beginUpload(uri, "job");
    await writer.write(bytes("a"));
    const upload = await writer.finish();
    expect(multipartEtag(upload.etags)).toBe(etag);
  });
});
