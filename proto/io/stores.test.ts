// One store for every scheme, and where S3 settings come from.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { s3Address, storeOptionsFromEnvironment } from "./store-options.ts";
import { createStores } from "./stores.ts";

const root = mkdtempSync(`${tmpdir()}/millrace-stores-`);
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("stores", () => {
  // Port 9 (discard) is closed, so an attempt to reach S3 ends in a refusal, never in a success.
  const stores = createStores({ s3: { endpoint: "http://127.0.0.1:9" } });

  test("a file URI reaches the file store, through every operation", async () => {
    const folder = `file://${root}/out`;
    expect(await stores.putIfAbsent(`${folder}/_a`, new Uint8Array([7]))).toBe("written");
    expect(await stores.read(`${folder}/_a`, 0, 9)).toEqual(Buffer.from([7]));
    const writer = await stores.beginUpload(`${folder}/part-0-job-1`, "job");
    const upload = await writer.finish();
    await stores.completeUpload(upload);
    await stores.abortUpload(upload);
    expect(await stores.sweep(folder, "job", 1_000)).toBe(0);
    expect(await stores.list(folder)).toEqual([{ uri: `${folder}/part-0-job-1`, sizeBytes: 0 }]);
    expect(await stores.stat(`${folder}/part-0-job-1`)).toMatchObject({ sizeBytes: 0 });
  });

  test("only objects of the probe can be removed", async () => {
    await expect(stores.removeScratch(`file://${root}/data`)).rejects.toThrow(
      /is a scratch object/,
    );
    await expect(stores.removeScratch("s3://bucket/data")).rejects.toThrow(/is a scratch object/);
  });

  test.each([
    ["gs://bucket/x", "'gs:'"],
    ["S3://bucket/x", "'S3:'"],
    ["/data/x", "no scheme"],
    ["data", "no scheme"],
  ])("%s is refused, naming %s and what is supported", async (uri, named) => {
    const refused = { code: "USAGE", message: expect.stringContaining(named) };
    await expect(stores.stat(uri)).rejects.toMatchObject(refused);
    await expect(stores.list(uri)).rejects.toThrow(
      /file:\/\/\/folder\/name and s3:\/\/bucket\/key/,
    );
  });
});

describe("S3 options", () => {
  test("come from Amazon's variables before MinIO's, and never from both", () => {
    const minio = { MINIO_ROOT_USER: "root", MINIO_ROOT_PASSWORD: "pass" };
    expect(storeOptionsFromEnvironment(minio)).toEqual({ accessKey: "root", secretKey: "pass" });
    expect(
      storeOptionsFromEnvironment({
        ...minio,
        AWS_ACCESS_KEY_ID: "id",
        AWS_SESSION_TOKEN: "token",
        AWS_REGION: "eu-west-1",
        AWS_ENDPOINT_URL: "http://general",
        AWS_ENDPOINT_URL_S3: "http://s3",
        MILLRACE_S3_ENDPOINT: "",
      }),
    ).toEqual({
      accessKey: "id",
      sessionToken: "token",
      region: "eu-west-1",
      endpoint: "http://s3",
    });
    expect(storeOptionsFromEnvironment({})).toEqual({});
  });

  test("tell Amazon from a server of one's own", () => {
    expect(s3Address({})).toMatchObject({
      amazon: true,
      secure: true,
      port: 443,
      pathStyle: false,
    });
    expect(s3Address({ endpoint: "http://[::1]:9000" })).toEqual({
      host: "::1",
      port: 9000,
      secure: false,
      pathStyle: true,
      region: "us-east-1",
      amazon: false,
    });
    expect(s3Address({ endpoint: "https://s3.eu-west-1.amazonaws.com" }).amazon).toBe(true);
    expect(s3Address({ endpoint: "https://amazonaws.com.evil.org" }).amazon).toBe(false);
  });

  test.each([
    "minio:9000",
    "ftp://x",
    "http://user:secret@x",
    "http://x/path",
    "http://x/?q=1",
    "",
  ])("endpoint '%s' is refused without repeating it", (endpoint) => {
    const message = expect.not.stringContaining("secret");
    expect(() => s3Address({ endpoint })).toThrow(
      expect.objectContaining({ code: "USAGE", message }),
    );
  });
});
