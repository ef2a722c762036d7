// What a snapshot refuses; that it loses nothing is shown by the random walks.

import { expect, test } from "vitest";
import { decodeSnapshot, digest, encodeSnapshot } from "./snapshot.ts";
import { emptyState } from "./state.ts";

test("another version's snapshot is refused by name", () => {
  const text = encodeSnapshot(emptyState()).replace('"version":4', '"version":5');
  expect(() => decodeSnapshot(text)).toThrow("version 5, this program reads 4");
});

test("broken and partial snapshots are refused", () => {
  const text = encodeSnapshot(emptyState());
  expect(() => decodeSnapshot(text.slice(1))).toThrow("not JSON");
  expect(() => decodeSnapshot("null")).toThrow("version undefined");
  expect(() => decodeSnapshot(text.replace('"jobs":[]', '"jobs":7'))).toThrow("lacks a part");
});

test("the digest differs when anything does", () => {
  const state = emptyState();
  const before = digest(state);
  state.tick++;
  expect(digest(state)).not.toBe(before);
  expect(digest(decodeSnapshot(encodeSnapshot(state)))).toBe(digest(state));
});
