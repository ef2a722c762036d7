// A bad disk is told apart from a full one; files leave no name behind.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { spillFailure, spillFolder } from "./spill-folder.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-spill-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const codeOf = (work: () => void): unknown => {
  try {
    work();
    return undefined;
  } catch (thrown) {
    return (thrown as { readonly code?: unknown }).code;
  }
};

describe("spill files on a disk", () => {
  test("give back what was written, and have no name that could outlive them", () => {
    const path = join(folder, "made/on/demand");
    const files = spillFolder(path);
    const file = files.create();
    file.append([Uint8Array.of(1, 2), new Uint8Array(0), Uint8Array.of(3)]);
    file.append([Uint8Array.of(4)]);
    expect(file.bytes).toBe(4);
    const bytes = new Uint8Array(3);
    file.read(1, bytes);
    expect([...bytes]).toEqual([2, 3, 4]);
    expect(readdirSync(path)).toEqual([]);
    file.close();
  });

  test("reading beyond the end, and a folder that cannot be, are failures of the disk", () => {
    const file = spillFolder(folder).create();
    expect(codeOf(() => file.read(0, new Uint8Array(1)))).toBe("DISK_FAILED");
    file.close();
    const plain = join(folder, "plain");
    writeFileSync(plain, "");
    expect(codeOf(() => spillFolder(join(plain, "below")).create())).toBe("DISK_FAILED");
  });

  test("a full disk has an error of its own", () => {
    for (const code of ["ENOSPC", "EDQUOT"]) {
      const full = Object.assign(new Error("no space left on device"), { code });
      expect(spillFailure(folder, full).code).toBe("DISK_FULL");
    }
  });
});
