// What a snapshot refuses, and that its lines are small; that it loses nothing is shown by the random walks.

import { expect, test } from "vitest";
import { snapshotPieceItems } from "../../proto/limits/raft.ts";
import { decodeSnapshot, digest, encodeSnapshot, snapshotPieces } from "./snapshot.ts";
import { emptyState } from "./state.ts";

test("another version's snapshot is refused by name", () => {
  const text = encodeSnapshot(emptyState()).replace('"version":6', '"version":7');
  expect(() => decodeSnapshot(text)).toThrow("version 7, this program reads 6");
  // The third version was one object.
  expect(() => decodeSnapshot('{"version":3,"jobs":[]}\n')).toThrow("version 3");
});

test("broken and partial snapshots are refused", () => {
  const lines = encodeSnapshot(emptyState()).split("\n").slice(0, -1);
  const [first = "", last = ""] = lines;
  const text = (...some: readonly string[]): string => some.map((line) => `${line}\n`).join("");
  expect(digest(decodeSnapshot(text(first, last)))).toBe(digest(emptyState()));
  expect(() => decodeSnapshot(text(first.slice(1), last))).toThrow("not JSON");
  expect(() => decodeSnapshot(text("null", last))).toThrow("no record");
  expect(() => decodeSnapshot("")).toThrow("lacks a part");
  expect(() => decodeSnapshot(text(first))).toThrow("lacks a part");
  expect(() => decodeSnapshot(text(first, last, last))).toThrow("goes on after its end");
  expect(() => decodeSnapshot(`${text(first, last)}{`)).toThrow("within a line");
  const stray = (record: object): string => text(first, JSON.stringify(record), last);
  expect(() => decodeSnapshot(stray({ kind: "locks", items: 7 }))).toThrow("lacks a part");
  expect(() => decodeSnapshot(stray({ kind: "locks", items: [] }))).toThrow("lacks a part");
  expect(() => decodeSnapshot(stray({ kind: "tasks", stageAt: 0, items: [] }))).toThrow("stage");
  expect(() => decodeSnapshot(stray({ kind: "stage", stage: {} }))).toThrow("its action");
  const kept = { kind: "kept", name: "rows", items: [null] };
  expect(() => decodeSnapshot(stray(kept))).toThrow("without the job");
});

test("very many of anything are on lines of their own", () => {
  const state = emptyState();
  const names = Array.from({ length: 3 * snapshotPieceItems - 1 }, (_, at) => `lock-${at}`);
  for (const name of names) {
    state.endedClaims.set(name, { how: "released", token: 1, tick: 1 });
  }
  const lines = encodeSnapshot(state).trimEnd().split("\n");
  expect(lines).toHaveLength(2 + 3);
  expect(digest(decodeSnapshot(`${lines.join("\n")}\n`))).toBe(digest(state));
});

test("the digest differs when anything does", () => {
  const state = emptyState();
  const before = digest(state);
  state.tick++;
  expect(digest(state)).not.toBe(before);
  expect(digest(decodeSnapshot(encodeSnapshot(state)))).toBe(digest(state));
});

test("pieces are whole lines", () => {
  for (const piece of snapshotPieces(emptyState())) expect(piece()).toMatch(/^(.+\n)+$/);
});
