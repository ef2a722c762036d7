// The real disk: durability, failures, its lock against living, killed and racing processes.

import { type ChildProcess, fork } from "node:child_process";
import {
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { diskHoleBytesMin, diskPieceBytes } from "../limits/disk.ts";
import { openDisk } from "./disk.ts";

let base = "";
let program = "";
let folders = 0;
const children: ChildProcess[] = [];
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), "millrace-disk-"));
  program = join(base, "holder.mjs");
  await build({
    stdin: {
      contents: `
        import { openDisk } from "./disk.ts";
        try {
          await openDisk(process.argv[2]);
          process.send("locked");
        } catch (thrown) {
          process.send(thrown.code + " " + thrown.message);
        }
        setInterval(() => {}, 1000);
      `,
      resolveDir: import.meta.dirname,
      loader: "ts",
    },
    bundle: true,
    platform: "node",
    format: "esm",
    outfile: program,
  });
});

afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await rm(base, { recursive: true });
});

function freshFolder(): string {
  folders += 1;
  return join(base, `data-${folders}`);
}

async function startHolder(folder: string): Promise<{ child: ChildProcess; answer: string }> {
  const child = fork(program, [folder], { stdio: "ignore" });
  children.push(child);
  const answer = await new Promise<string>((resolve, reject) => {
    child.once("message", (message) => resolve(String(message)));
    child.once("exit", (code) => reject(new Error(`holder exited with ${code}`)));
  });
  return { child, answer };
}

function killed(child: ChildProcess): Promise<void> {
  const done = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.kill("SIGKILL");
  return done;
}

describe("files", () => {
  test("append, sync, truncate and reopen", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    const file = await disk.openAppend("wal/0001");
    expect(file.sizeBytes()).toBe(0);
    await Promise.all([file.append(text("one ")), file.append(text("two ")), file.sync()]);
    expect(file.sizeBytes()).toBe(8);
    await file.truncate(4);
    await file.append(text("three"));
    await file.sync();
    await file.close();
    const again = await disk.openAppend("wal/0001");
    expect(again.sizeBytes()).toBe(9);
    await again.close();
    expect(await disk.read("wal/0001")).toEqual(text("one three"));
    await disk.close();
  });

  test("writeAtomic replaces, list is sorted and shows data only, remove is safe", async () => {
    const disk = await openDisk(freshFolder());
    expect(await disk.list("")).toEqual([]);
    expect(await disk.list("nowhere")).toEqual([]);
    expect(await disk.read("nowhere/file")).toBeUndefined();
    await disk.writeAtomic("b", text("1"));
    await Promise.all([disk.writeAtomic("a10", text("x")), disk.writeAtomic("a9", text("y"))]);
    await disk.writeAtomic("b", text("2"));
    expect(await disk.read("b")).toEqual(text("2"));
    await disk.writeAtomic("b", text("in "), text(""), text("parts"));
    expect(await disk.read("b")).toEqual(text("in parts"));
    expect(await disk.list("")).toEqual(["a10", "a9", "b"]);
    await disk.remove("b");
    await disk.remove("b");
    expect(await disk.list("")).toEqual(["a10", "a9"]);
    await disk.close();
  });

  test.each([true, false])(
    "what is durable (%s) is synced, and nothing else",
    async (isDurable) => {
      const folder = freshFolder();
      const handle = await open(base);
      const prototype = Object.getPrototypeOf(handle) as FileHandle;
      await handle.close();
      const syncs = [vi.spyOn(prototype, "sync"), vi.spyOn(prototype, "datasync")];
      const disk = await openDisk(join(folder, "data"), { isDurable });
      const file = await disk.openAppend("wal/0001");
      await file.reserve(100);
      await Promise.all([file.append(text("one ")), file.sync()]);
      await file.close();
      await disk.writeAtomic("a", text("x"));
      await disk.move("a", "b/c");
      await disk.remove("b/c");
      expect((await disk.read("wal/0001"))?.subarray(0, 4)).toEqual(text("one "));
      await disk.close();
      const found = syncs.map((spy) => spy.mock.calls.length);
      vi.restoreAllMocks();
      // Names in their folders, whole files, and the bytes of the one that grows: reserved, then written.
      expect(found).toEqual(isDurable ? [expect.any(Number), 2] : [0, 0]);
      if (isDurable) expect(found[0]).toBeGreaterThanOrEqual(8);
    },
  );

  test("a file comes in pieces, in order and whole; an absent one in none", async () => {
    const disk = await openDisk(freshFolder());
    const bytes = Uint8Array.from({ length: 2 * diskPieceBytes + 5 }, (_, at) => at % 251);
    await disk.writeAtomic("large", bytes);
    const pieces: Uint8Array[] = [];
    const isThere = await disk.readPieces("large", async (piece) => {
      pieces.push(piece.slice());
    });
    expect([isThere, pieces.length > 1]).toEqual([true, true]);
    expect(Buffer.compare(Buffer.concat(pieces), bytes)).toBe(0);
    expect(await disk.readPieces("nowhere/file", () => Promise.reject())).toBe(false);
    await disk.close();
  });

  test.each([["../x"], ["/etc/x"], ["a//b"], ["a/../b"], [".lock.1"], [""], ["a\\b"]])(
    "path %j is refused",
    async (path) => {
      const disk = await openDisk(freshFolder());
      await expect(disk.writeAtomic(path, text("x"))).rejects.toThrow("not relative");
      await disk.close();
    },
  );

  test("what a crash left of an atomic write is removed at the next start", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    await disk.writeAtomic("deep/file", text("kept"));
    await disk.close();
    await writeFile(join(folder, "deep", ".7.tmp"), "half");
    const again = await openDisk(folder);
    expect(await readdir(join(folder, "deep"))).toEqual(["file"]);
    await again.close();
  });
});

describe("failures", () => {
  test("a full disk is DISK_FULL, and the file refuses everything afterwards", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    await symlink("/dev/full", join(folder, "wal"));
    const file = await disk.openAppend("wal");
    const refusal = { code: "DISK_FULL", message: expect.stringContaining("writing 5 bytes") };
    await expect(file.append(text("bytes"))).rejects.toMatchObject(refusal);
    await expect(file.sync()).rejects.toMatchObject(refusal);
    await expect(file.append(text("more"))).rejects.toMatchObject(refusal);
    await file.close();
    await disk.close();
  });

  test("a failed fsync is DISK_FAILED and is never retried", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    await symlink("/dev/full", join(folder, "wal"));
    const file = await disk.openAppend("wal");
    const refusal = { code: "DISK_FAILED", message: expect.stringContaining("fdatasync") };
    await expect(file.sync()).rejects.toMatchObject(refusal);
    await expect(file.append(text("more"))).rejects.toMatchObject(refusal);
    await file.close();
    await disk.close();
  });

  test("a folder in place of a file is DISK_FAILED for every operation", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    await mkdir(join(folder, "x", "y"), { recursive: true });
    const refusal = { code: "DISK_FAILED", message: expect.stringContaining("x") };
    await expect(disk.read("x")).rejects.toMatchObject(refusal);
    await expect(disk.openAppend("x")).rejects.toMatchObject(refusal);
    await expect(disk.writeAtomic("x", text("1"))).rejects.toMatchObject(refusal);
    await expect(disk.remove("x")).rejects.toMatchObject(refusal);
    await disk.close();
  });

  test.each([
    ["zeros", 4096],
    ["a hole", diskHoleBytesMin + 4096],
  ])(
    "reserve made of %s reads as zeros, also over what lay there, and appends go into it",
    async (_, bytes) => {
      const disk = await openDisk(freshFolder());
      await disk.writeAtomic("x", text("good, then torn"));
      const file = await disk.openAppend("x", 4);
      await file.reserve(bytes);
      expect([file.sizeBytes(), file.reservedBytes()]).toEqual([4, bytes]);
      const whole = new Uint8Array(4 + bytes);
      whole.set(text("good"));
      expect(Buffer.from((await disk.read("x"))!).equals(whole)).toBe(true);
      await file.append(text(" and more"));
      await file.sync();
      whole.set(text("good and more"));
      expect(Buffer.from((await disk.read("x"))!).equals(whole)).toBe(true);
      await file.close();
      await disk.close();
    },
  );

  test("a moved file is under its new name alone, in place of any other", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    await disk.writeAtomic("from/x", text("1"));
    await disk.writeAtomic("to/y", text("2"));
    await disk.move("from/x", "to/y");
    expect(await disk.read("to/y")).toEqual(text("1"));
    expect(await disk.list("from")).toEqual([]);
    await expect(disk.move("from/x", "to/z")).rejects.toMatchObject({ code: "DISK_FAILED" });
    await disk.close();
  });

  test("a file in place of the data folder is DISK_FAILED", async () => {
    const folder = freshFolder();
    await writeFile(folder, "");
    await expect(openDisk(folder)).rejects.toMatchObject({ code: "DISK_FAILED" });
  });
});

describe("version", () => {
  test.each([["2\n"], ["garbage"], [""]])(
    "version %j is refused and the lock given back",
    async (version) => {
      const folder = freshFolder();
      await mkdir(folder);
      await writeFile(join(folder, ".version"), version);
      for (let round = 0; round < 2; round++) {
        await expect(openDisk(folder)).rejects.toMatchObject({ code: "DATA_FOLDER_VERSION" });
      }
      expect(await readFile(join(folder, ".version"), "utf8")).toBe(version);
    },
  );
});

describe("lock", () => {
  test("refuses a second holder in the same process, until the first closes", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    await expect(openDisk(folder)).rejects.toMatchObject({
      code: "DATA_FOLDER_LOCKED",
      message: expect.stringContaining(`process ${process.pid}`),
    });
    await disk.close();
    await (await openDisk(folder)).close();
  });

  test("refuses another process, also a stopped one, and takes over after kill -9", async () => {
    const folder = freshFolder();
    const { child, answer } = await startHolder(folder);
    expect(answer).toBe("locked");
    const refusal = {
      code: "DATA_FOLDER_LOCKED",
      message: expect.stringContaining(`process ${child.pid}`),
    };
    await expect(openDisk(folder)).rejects.toMatchObject(refusal);
    child.kill("SIGSTOP");
    await expect(openDisk(folder)).rejects.toMatchObject(refusal);
    await killed(child);
    const disk = await openDisk(folder);
    expect((await startHolder(folder)).answer).toContain(`process ${process.pid}`);
    await disk.close();
  });

  test("of processes that race for the folder of a dead one exactly one wins", async () => {
    const folder = freshFolder();
    await killed((await startHolder(folder)).child);
    const answers = await Promise.all([1, 2, 3, 4].map(() => startHolder(folder)));
    expect(answers.filter(({ answer }) => answer === "locked")).toHaveLength(1);
    for (const { answer } of answers) expect(answer).toMatch(/^locked$|^DATA_FOLDER_LOCKED /);
  });

  test("of many racing openers in one process exactly one wins, every round", async () => {
    const folder = freshFolder();
    for (let round = 0; round < 10; round++) {
      const settled = await Promise.allSettled([1, 2, 3, 4, 5].map(() => openDisk(folder)));
      const won = settled.filter((result) => result.status === "fulfilled");
      expect(won).toHaveLength(1);
      for (const result of won) await result.value.close();
    }
    const left = (await readdir(folder)).filter((name) => name.startsWith(".lock"));
    expect(left).toHaveLength(1);
  });

  test("a reused process id is not taken for the holder", async () => {
    const folder = freshFolder();
    await (await openDisk(folder)).close();
    const [name] = (await readdir(folder)).filter((entry) => entry.startsWith(".lock."));
    const disk = await openDisk(folder);
    const [held] = (await readdir(folder)).filter((entry) => /^\.lock\.\d+$/.test(entry));
    expect(held).not.toBe(name);
    const holder = JSON.parse(await readFile(join(folder, held ?? ""), "utf8"));
    await disk.close();
    await writeFile(join(folder, held ?? ""), JSON.stringify({ ...holder, startTicks: "1" }));
    await (await openDisk(folder)).close();
  });

  test("a holder in another container is judged by its socket", async () => {
    const folder = freshFolder();
    const disk = await openDisk(folder);
    const [name] = (await readdir(folder)).filter((entry) => /^\.lock\.\d+$/.test(entry));
    const path = join(folder, name ?? "");
    const holder = JSON.parse(await readFile(path, "utf8"));
    await writeFile(path, JSON.stringify({ ...holder, pid: 1, pidNamespace: "pid:[1]" }));
    await expect(openDisk(folder)).rejects.toMatchObject({ code: "DATA_FOLDER_LOCKED" });
    await disk.close();
    await writeFile(path, JSON.stringify({ ...holder, pid: 1, pidNamespace: "pid:[1]" }));
    await (await openDisk(folder)).close();
  });
});
