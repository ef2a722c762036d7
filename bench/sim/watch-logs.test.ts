// What leaders must have: all that was committed before their term, and nothing of later ones.

import { expect, test } from "vitest";
import { membershipOf } from "../../master/raft/membership.ts";
import { simpleVoters } from "../../master/raft/quorum.ts";
import { emptyState } from "../../master/scheduler/state.ts";
import type { RaftStorage, SaveBatch } from "../../master/storage/raft-storage.ts";
import { asMasterId } from "../../proto/ids.ts";
import { createLogWatch } from "./watch-logs.ts";

function emptyStorage(): RaftStorage {
  return {
    recovered: {
      snapshot: undefined,
      entries: [],
      hardState: { term: 0, votedFor: undefined, commit: 0 },
    },
    logBytes: () => 0,
    save: async () => {},
    saveSnapshot: async () => {},
    close: async () => {},
  } as unknown as RaftStorage;
}

const entry = (index: number, term: number): SaveBatch["entries"][number] => ({
  ...{ index, term, kind: "command", data: Uint8Array.of(index) },
});

/** Three masters; `a` leads term 3, and its first entry is committed, with `c`. */
async function ledByOne() {
  const names = ["a", "b", "c"];
  const watch = createLogWatch({
    membership: membershipOf(simpleVoters(names.map(asMasterId))),
    nowMs: () => 0,
    leaseMsMin: 0,
  });
  const [a, , c] = names.map((name) => watch.watched(name, emptyStorage()));
  watch.status("a", "leader", 3);
  for (const storage of [a!, c!]) await storage.save({ entries: [entry(1, 3)] } as SaveBatch);
  watch.applied("a", 1, emptyState());
  return watch;
}

test("who hears late of an older vote need not have what was committed since", async () => {
  const watch = await ledByOne();
  watch.status("b", "leader", 2);
  expect(watch.elections()).toBe(2);
});

test("a later leader must have it", async () => {
  const watch = await ledByOne();
  watch.status("c", "leader", 4);
  expect(() => watch.status("b", "leader", 5)).toThrow("b leads term 5 without committed entry 1");
});

test("a term has one leader", async () => {
  const watch = await ledByOne();
  expect(() => watch.status("c", "leader", 3)).toThrow("a and c both lead term 3");
});
