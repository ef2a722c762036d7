// A folder of results has one run at a time, and none that is dead.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { UsageError } from "../usage-error.ts";
import { whileLocked } from "./folder-lock.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a second run is refused by folder and process id, and let in once the first is over", async () => {
  await whileLocked(folder, async () => {
    const second = whileLocked(folder, async () => "in");
    await expect(second).rejects.toThrow(UsageError);
    await expect(second).rejects.toThrow(`${folder} is in use by process ${process.pid}`);
  });
  expect(await whileLocked(folder, async () => "in")).toBe("in");
});

test("a failure of the body gives it back", async () => {
  const failing = whileLocked(folder, async () => {
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(await whileLocked(folder, async () => "in")).toBe("in");
});
