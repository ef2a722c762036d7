// Lines that lie in memory which is used for others at once arrive in the file as they were.

import { expect, test } from "vitest";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { lineSink } from "./line-sink.ts";
import { ReusedRooms } from "./reused-rooms.ts";

/** Looks at the bytes of a write only when it ends, as a disk may. */
function slowStore() {
  const written: string[] = [];
  const writer = {
    write: async (bytes: Uint8Array) => {
      for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setImmediate(resolve));
      written.push(Buffer.from(bytes).toString());
    },
    finish: async () => ({ uri: "file:/out/part", uploadId: "u", etags: [], sizeBytes: 0 }),
    abort: async () => undefined,
  };
  const store = { beginUpload: async () => writer } as unknown as ObjectStore;
  return {
    target: { store, folderUri: "file:/out/", jobId: "job", taskIndex: 0, token: 1 },
    written,
  };
}

test.each([1, 2, 5])("with %d pieces pushed between two writes", async (pieces) => {
  const { target, written } = slowStore();
  const sink = lineSink("text", target);
  const kernel = new Uint8Array(2 * 1024 * 1024);
  let expected = "";
  for (let round = 0; round < 6; round++) {
    for (let piece = 0; piece < pieces; piece++) {
      const letter = String.fromCharCode(97 + ((5 * round + piece) % 26));
      const line = `${letter.repeat(1_100_000 + 1000 * ((round * 7) % 5))}\n`;
      kernel.set(Buffer.from(line));
      sink.pushLines?.(1, kernel.subarray(0, line.length));
      kernel.fill(0);
      expected += line;
    }
    await sink.drain?.();
  }
  expect((await sink.seal()).rowsOut).toBe(6 * pieces);
  expect(Buffer.from(written.join("")).equals(Buffer.from(expected))).toBe(true);
});

test("memory is used again once it was given back, and not before", () => {
  const rooms = new ReusedRooms();
  const first = rooms.copyOf(Uint8Array.of(1, 2));
  const second = rooms.copyOf(Uint8Array.of(3));
  expect(second.buffer).not.toBe(first.buffer);
  rooms.give([first, first, Uint8Array.of(9)]);
  const third = rooms.copyOf(Uint8Array.of(4, 5, 6));
  expect(third.buffer).toBe(first.buffer);
  expect(rooms.copyOf(Uint8Array.of(7)).buffer).not.toBe(first.buffer);
  expect([...second, ...third]).toEqual([3, 4, 5, 6]);
});
