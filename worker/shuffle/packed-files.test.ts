// Small outputs that share a file: found by whoever looks, and never half of one.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { packedOutputBytesMax } from "../../proto/limits/blocks.ts";
import { PackedFiles, type PlainFiles } from "./packed-files.ts";

interface Disk extends PlainFiles {
  readonly all: Map<string, Uint8Array>;
}

function diskOf(): Disk {
  const all = new Map<string, Uint8Array>();
  return {
    all,
    write: async (path, pieces) => void all.set(path, new Uint8Array(Buffer.concat([...pieces]))),
    append: async (path, pieces) => {
      const before = all.get(path) ?? new Uint8Array(0);
      all.set(path, new Uint8Array(Buffer.concat([before, ...pieces])));
    },
    read: async (path, offset, length) => all.get(path)?.slice(offset, offset + length),
    sizeBytes: async (path) => all.get(path)?.length,
    names: async (folder) =>
      [...all.keys()]
        .filter((path) => path.startsWith(`${folder}/`))
        .map((path) => path.slice(folder.length + 1)),
  };
}

/** Writers are named one after another. */
function writersOn(disk: PlainFiles): () => PackedFiles {
  let writers = 0;
  return () => new PackedFiles(disk, () => `writer-${writers++}`);
}

const bytesOf = (length: number, seed: number) =>
  Uint8Array.from({ length }, (_, at) => (at * 7 + seed) & 255);

/** In hexadecimal: arrays of numbers take long to compare. */
const textOf = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const textOfBytes = (length: number, seed: number) => textOf(bytesOf(length, seed));

async function whole(files: PackedFiles, path: string): Promise<string | undefined> {
  const size = await files.sizeBytes(path);
  const bytes = size === undefined ? undefined : await files.read(path, 0, size + 10);
  return bytes === undefined ? undefined : textOf(bytes);
}

describe("packed files", () => {
  test("what any writer wrote any reader finds, small and large, by whole and by part", async () => {
    const sizes = fc.array(fc.oneof(fc.nat(50), fc.nat(40_000), fc.constant(70_000)), {
      minLength: 1,
      maxLength: 12,
    });
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(), async (lengths, seed) => {
        const disk = diskOf();
        const create = writersOn(disk);
        const [one, two, reader] = [create(), create(), create()];
        for (const [index, length] of lengths.entries()) {
          const path = `job-${index % 2}/t${index}.shuffle`;
          const bytes = bytesOf(length, seed + index);
          const cut = length >> 1;
          const pieces = [bytes.subarray(0, cut), bytes.subarray(cut)];
          await (index % 3 === 0 ? one : two).write(path, pieces);
          if (index % 4 === 0) expect(await whole(reader, path)).toBe(textOf(bytes));
        }
        const found = await Promise.all(
          lengths.map((_, index) => whole(reader, `job-${index % 2}/t${index}.shuffle`)),
        );
        expect(found).toEqual(lengths.map((length, index) => textOfBytes(length, seed + index)));
        const last = lengths.length - 1;
        const path = `job-${last % 2}/t${last}.shuffle`;
        expect(await reader.read(path, 3, 5)).toEqual(
          bytesOf(lengths[last]!, seed + last).subarray(3, 8),
        );
        expect(await whole(reader, "job-0/t99.shuffle")).toBeUndefined();
        const packed = lengths.filter((length) => length <= packedOutputBytesMax).length;
        expect(disk.all.size).toBeLessThanOrEqual(lengths.length - packed + 4);
      }),
      { numRuns: 10 },
    );
  });

  test("half a record is not there, and what its writer writes next is", async () => {
    const disk = diskOf();
    let failing = false;
    const torn: PlainFiles = {
      ...disk,
      append: async (path, pieces) => {
        const all = Buffer.concat([...pieces]);
        await disk.append(path, [failing ? all.subarray(0, all.length - 9) : all]);
        if (failing) throw new Error("no space");
      },
    };
    const create = writersOn(torn);
    const [writer, reader] = [create(), create()];
    await writer.write("j/a.shuffle", [bytesOf(100, 1)]);
    failing = true;
    await expect(writer.write("j/b.shuffle", [bytesOf(100, 2)])).rejects.toThrow("no space");
    failing = false;
    expect(await whole(reader, "j/b.shuffle")).toBeUndefined();
    await writer.write("j/b.shuffle", [bytesOf(100, 3)]);
    expect(await whole(reader, "j/a.shuffle")).toBe(textOfBytes(100, 1));
    expect(await whole(reader, "j/b.shuffle")).toBe(textOfBytes(100, 3));
  });

  test("with its job an output is gone, also for who knew where it was", async () => {
    const disk = diskOf();
    const files = writersOn(disk)();
    await files.write("j/a.shuffle", [bytesOf(100, 1)]);
    expect(await whole(files, "j/a.shuffle")).toBe(textOfBytes(100, 1));
    disk.all.clear();
    expect(await whole(files, "j/a.shuffle")).toBeUndefined();
  });
});
