// Ranges read in growing blocks: the same bytes, in order, and nothing after they were closed.

import fc from "fast-check";
import { expect, test } from "vitest";
import { readBytesMax } from "../../proto/limits.ts";
import type { ByteBlocks } from "./byte-reader.ts";
import { storeReader } from "./byte-reader.ts";
import { growingReader, readBytesFirst } from "./growing-blocks.ts";

const bytes = Uint8Array.from({ length: 3 * readBytesMax }, (_, at) => (at * 31) >> 3);

function reader() {
  const asked: number[] = [];
  const store = {
    read: async (_: string, offset: number, length: number) => {
      asked.push(length);
      return bytes.slice(offset, offset + length);
    },
  };
  return { asked, growing: growingReader(storeReader(store as Parameters<typeof storeReader>[0])) };
}

async function all(blocks: ByteBlocks): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    parts.push(block);
  }
  return Buffer.concat(parts);
}

test("any range holds its bytes in order", async () => {
  const edge = fc.nat(bytes.length);
  await fc.assert(
    fc.asyncProperty(edge, edge, async (a, b) => {
      const [start, end] = [Math.min(a, b), Math.max(a, b)];
      const found = await all(reader().growing.openRange("s3://a/b", start, end));
      expect(found.equals(bytes.subarray(start, end))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test("the first block is small, and none follows a close", async () => {
  const { asked, growing } = reader();
  const blocks = growing.openRange("s3://a/b", 0, bytes.length);
  expect((await blocks.next())?.length).toBe(readBytesFirst);
  expect(asked).toEqual([readBytesFirst]);
  blocks.close();
  expect(await blocks.next()).toBeUndefined();
  expect(asked).toEqual([readBytesFirst]);
});

test("a size that the caller asks for is kept", async () => {
  const { asked, growing } = reader();
  await all(growing.openRange("s3://a/b", 0, 100, 100));
  expect(asked).toEqual([100]);
});
