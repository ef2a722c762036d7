// Pieces are used again once they were given back, and only those that nothing shares.

import { beforeEach, expect, test } from "vitest";
import { batchOfRows, makeBatch } from "../../proto/batch/batch.ts";
import { type Column, textColumn } from "../../proto/batch/column.ts";
import { pieceRoomsShare, roomBytesMin } from "../../proto/limits/memory.ts";
import { keepPieces, LentPieces } from "./lent-pieces.ts";

const pieceBytes = 4 * roomBytesMin;
const plain = batchOfRows([{ n: 1 }]);

const codes: Column = {
  name: "text",
  type: "dictionary",
  length: 1,
  nulls: "null",
  validity: undefined,
  codes: Int32Array.of(0),
  dictionary: textColumn("text", Int32Array.of(0, 1), Uint8Array.of(97)),
};

/** Room for nothing, and then for eight pieces. */
beforeEach(() => {
  keepPieces(8 * pieceBytes * pieceRoomsShare);
  const lent = new LentPieces();
  lent.room(pieceBytes);
  keepPieces(0);
  lent.giveBack();
  keepPieces(8 * pieceBytes * pieceRoomsShare);
});

test("pieces of a task lie where those of the last one lay, once each", () => {
  const first = new LentPieces();
  const pieces = [first.room(pieceBytes), first.room(pieceBytes)];
  first.leaveShared([plain]);
  first.giveBack();
  first.giveBack();
  const second = new LentPieces();
  const buffers = [1, 2, 3].map(() => second.room(pieceBytes).buffer);
  expect(new Set(buffers).size).toBe(3);
  expect(buffers.filter((buffer) => pieces.some((piece) => piece.buffer === buffer)).length).toBe(
    2,
  );
});

test("a piece is not used again before it is given back", () => {
  const lent = new LentPieces();
  const piece = lent.room(pieceBytes).fill(7);
  new LentPieces().room(pieceBytes).fill(8);
  expect(piece.every((byte) => byte === 7)).toBe(true);
});

const list: Column = {
  ...{ name: "list", type: "list", length: 1, nulls: "null", validity: undefined },
  ...{ offsets: Int32Array.of(0, 1), item: codes },
};
const struct: Column = {
  ...{ name: "struct", type: "struct", length: 1, nulls: "null", validity: undefined },
  fields: [list],
};

test.each([
  ["a column", codes],
  ["items of lists", list],
  ["fields of structs", struct],
])("a piece with a dictionary of %s stays as it is", (_, column) => {
  const first = new LentPieces();
  const shared = first.room(pieceBytes);
  first.leaveShared([plain, makeBatch("record", [column])]);
  first.giveBack();
  expect(new LentPieces().room(pieceBytes).buffer).not.toBe(shared.buffer);
});

test("no more is kept than the share of the memory of operators", () => {
  keepPieces(2 * pieceBytes * pieceRoomsShare);
  const first = new LentPieces();
  const pieces = [1, 2, 3, 4].map(() => first.room(pieceBytes).buffer);
  first.giveBack();
  const second = new LentPieces();
  const buffers = [1, 2, 3, 4].map(() => second.room(pieceBytes).buffer);
  expect(buffers.filter((buffer) => pieces.includes(buffer)).length).toBe(2);
});

test("pieces beyond what may be kept are not held until the end of the task", () => {
  const lent = new LentPieces();
  const pieces = Array.from({ length: 40 }, () => lent.room(pieceBytes).buffer);
  expect(new Set(pieces).size).toBe(40);
  lent.giveBack();
  const next = new LentPieces();
  const found = Array.from({ length: 40 }, () => next.room(pieceBytes).buffer);
  expect(found.filter((buffer) => pieces.includes(buffer)).length).toBe(8);
});

test("a piece with a dictionary that was not held leaves those before it as they are", () => {
  const first = new LentPieces();
  const held = Array.from({ length: 8 }, () => first.room(pieceBytes).buffer);
  first.room(pieceBytes);
  first.leaveShared([makeBatch("record", [codes])]);
  first.giveBack();
  const next = new LentPieces();
  const found = held.map(() => next.room(pieceBytes).buffer);
  expect(found.every((buffer) => held.includes(buffer))).toBe(true);
});
