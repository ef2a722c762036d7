// The file store: the contract of every store, and what is special to files.
import { promises as fs, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, describe, expect, test } from "vitest";
import { storeContract } from "../testing/store-contract.ts";
import { createFileStore } from "./file-store.ts";
import { fileFailure, fileUriOfPath, pathOfFileUri } from "./store-file-errors.ts";
import { probeConditionalPuts } from "./store-probe.ts";

const root = mkdtempSync(`${tmpdir()}/millrace-file-store-`);
afterAll(() => rmSync(root, { recursive: true, force: true }));
let folders = 0;
const newFolder = () => `${root}/f${folders++}`;
const store = createFileStore();
const bytes = (text: string) => new TextEncoder().encode(text);

storeContract("file://", async () => ({ store, folderUri: `file://${newFolder()}` }));

async function finished(folder: string, text: string, attempt = 1) {
  const writer = await store.beginUpload(`file://${folder}/part-0-job-${attempt}.txt`, "job");
  await writer.write(bytes(text));
  return writer.finish();
}

describe("file store", () => {
  test("a pending upload is one hidden file in the final folder, gone once completed", async () => {
    const folder = newFolder();
    const upload = await finished(folder, "one");
    expect(await fs.readdir(folder)).toEqual([upload.uploadId]);
    expect(upload.uploadId).toMatch(/^\.job\.part-0-job-1\.txt\.[0-9a-f]{16}\.pending$/);
    await store.completeUpload(upload);
    expect(await fs.readdir(folder)).toEqual(["part-0-job-1.txt"]);
  });

  test("an upload linked before a crash completes, and loses its hidden name", async () => {
    const folder = newFolder();
    const upload = await finished(folder, "one");
    await fs.link(`${folder}/${upload.uploadId}`, `${folder}/part-0-job-1.txt`);
    await store.completeUpload(upload);
    expect(await fs.readdir(folder)).toEqual(["part-0-job-1.txt"]);
  });

  test("a lost upload is reported with its name and size", async () => {
    const folder = newFolder();
    const upload = await finished(folder, "gone");
    await fs.unlink(`${folder}/${upload.uploadId}`);
    await expect(store.completeUpload(upload)).rejects.toMatchObject({
      code: "STORE_UPLOAD_LOST",
      message: expect.stringMatching(/part-0-job-1\.txt is lost.*4 bytes/),
    });
  });

  test("a hidden file that something changed is not shown", async () => {
    const folder = newFolder();
    const upload = await finished(folder, "one");
    await fs.appendFile(`${folder}/${upload.uploadId}`, "x");
    await expect(store.completeUpload(upload)).rejects.toThrow(/has 4 bytes, but 3 were written/);
    expect(await store.list(`file://${folder}/`)).toEqual([]);
  });

  test("an upload id that is no hidden name of ours is refused", async () => {
    const folder = newFolder();
    const upload = await finished(folder, "one");
    for (const uploadId of ["../../etc/passwd", `./.a/b.0123456789abcdef.pending`, "x"]) {
      const refused = store.abortUpload({ ...upload, uploadId });
      await expect(refused).rejects.toMatchObject({ code: "MESSAGE_INVALID" });
    }
  });

  test("a sweep also removes temporary files of conditional writes that died", async () => {
    const folder = newFolder();
    await store.putIfAbsent(`file://${folder}/_SUCCESS`, bytes(""));
    await fs.writeFile(`${folder}/._SUCCESS.0123456789abcdef.put`, "");
    await fs.writeFile(`${folder}/.mine`, "");
    expect(await store.sweep(`file://${folder}`, "job", 1_000)).toBe(0);
    expect((await fs.readdir(folder)).sort()).toEqual([".mine", "_SUCCESS"]);
  });

  test("many processes' conditional writes amid sweeps have one winner", async () => {
    const folder = newFolder();
    const uri = `file://${folder}/_manifest.json`;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, async (_, i) => {
        if (i % 10 === 5) await store.sweep(`file://${folder}`, "job", 1_000);
        return store.putIfAbsent(uri, bytes(`writer ${i}`));
      }),
    );
    expect(outcomes.filter((outcome) => outcome === "written")).toHaveLength(1);
    expect(await fs.readdir(folder)).toEqual(["_manifest.json"]);
    await probeConditionalPuts(store, `file://${folder}`);
    expect(await fs.readdir(folder)).toEqual(["_manifest.json"]);
  });

  test("symbolic links are followed; a loop of them ends with an error", async () => {
    const folder = newFolder();
    await fs.mkdir(`${folder}/real`, { recursive: true });
    await fs.writeFile(`${folder}/real/a.txt`, "a");
    await fs.symlink(`${folder}/real`, `${folder}/link`);
    await fs.symlink(`${folder}/nothing`, `${folder}/dangling`);
    const uris = (await store.list(`file://${folder}`)).map((object) => object.uri);
    expect(uris).toEqual([`file://${folder}/link/a.txt`, `file://${folder}/real/a.txt`]);
    await fs.symlink("..", `${folder}/real/up`);
    await expect(store.list(`file://${folder}/`)).rejects.toMatchObject({
      code: expect.stringMatching(/LIMIT_EXCEEDED|STORE_FAILED/),
    });
  });

  test("folders that cannot match a glob are not entered", async () => {
    const folder = newFolder();
    await store.putIfAbsent(`file://${folder}/in/a.txt`, bytes("a"));
    await fs.mkdir(`${folder}/other`);
    // A listing that entered it would fail: nobody has 65 levels of folders.
    await fs.symlink(".", `${folder}/other/loop`);
    await fs.symlink(".", `${folder}/in/loop`);
    expect(await store.list(`file://${folder}/i*/*.txt`)).toHaveLength(1);
  });

  test("paths and URIs: escapes, percent signs, and what is refused", async () => {
    expect(pathOfFileUri("file:///a%20b/c")).toBe("/a b/c");
    expect(pathOfFileUri("file://localhost/a/../b")).toBe("/b");
    expect(pathOfFileUri("file:///100%.txt")).toBe("/100%.txt");
    expect(pathOfFileUri("file:///a%FFb")).toBe("/a%FFb");
    expect(pathOfFileUri(fileUriOfPath("/odd%20name %"))).toBe("/odd%20name %");
    for (const bad of ["file://host/a", "file:a", "/a", "file:///a\0"]) {
      expect(() => pathOfFileUri(bad)).toThrow(expect.objectContaining({ code: "USAGE" }));
    }
  });

  test("refusals of the file system get the codes a caller can act on", async () => {
    const failure = (code: string) =>
      fileFailure(Object.assign(new Error(code), { code }), "write x");
    expect(failure("ENOSPC")).toMatchObject({ code: "DISK_FULL" });
    expect(failure("EACCES")).toMatchObject({ code: "STORE_DENIED" });
    expect(failure("EIO")).toMatchObject({
      code: "STORE_FAILED",
      message: "could not write x: EIO",
    });
    const folder = newFolder();
    await store.putIfAbsent(`file://${folder}/a`, bytes("a"));
    expect(await store.stat(`file://${folder}/a/b`)).toBeUndefined();
    for (const below of ["a/b", "a/b/c"]) {
      await expect(store.putIfAbsent(`file://${folder}/${below}`, bytes(""))).rejects.toMatchObject(
        {
          code: "STORE_DENIED",
          message: expect.stringMatching(/a file and a folder would have one name; choose another/),
        },
      );
    }
    // Linux alone has a folder that takes none.
    const put = store.putIfAbsent("file:///proc/none/deeper/b", bytes(""));
    await expect(put).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) });
  });
});
