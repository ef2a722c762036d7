// The face of the core: refusals, bounds, and messages that no honest peer sends.
import { describe, expect, test } from "vitest";
import { asMasterId } from "../../proto/ids.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { defaultRaftConfig } from "./config.ts";
import { type Entry, emptyHardState, noBytes } from "./entry.ts";
import type { Append } from "./messages.ts";
import { simpleVoters } from "./quorum.ts";
import { campaign, createRaft, propose, readIndex, step } from "./raft.ts";
import { applied, persisted, takeReady } from "./ready.ts";
import type { Raft } from "./state.ts";

const a = asMasterId("a");
const b = asMasterId("b");
const c = asMasterId("c");

function start(ids = [a], config = defaultRaftConfig): Raft {
  return createRaft({
    id: a,
    voters: simpleVoters(ids),
    config,
    random: randomStream(1),
    hardState: emptyHardState,
    snapshot: undefined,
    entries: [],
  });
}

function append(entries: readonly Entry[], prevIndex = 0, prevTerm = 0): Append {
  return { kind: "append", from: b, to: a, term: 1, prevIndex, prevTerm, entries, commit: 0 };
}

describe("the Raft core", () => {
  test("a single master leads at once and commits when its save is durable", () => {
    const raft = start();
    campaign(raft);
    const proposed = propose(raft, Uint8Array.of(1));
    expect(proposed).toEqual({ kind: "accepted", index: 2, term: 1 });
    const ready = takeReady(raft);
    expect(ready?.hardState).toEqual({ term: 1, votedFor: a, commit: 0 });
    expect(ready?.entries.map((entry) => entry.kind)).toEqual(["noop", "command"]);
    expect(ready?.committed).toEqual([]);
    persisted(raft, ready!.ticket!);
    const next = takeReady(raft);
    expect(next?.committed.map((entry) => entry.index)).toEqual([1, 2]);
    expect(next?.ticket).toBeUndefined();
    applied(raft, 2);
    expect(takeReady(raft)).toBeUndefined();
  });

  test("a follower refuses proposals and reads, and names the leader it knows", () => {
    const raft = start([a, b, c]);
    expect(propose(raft, noBytes)).toEqual({ kind: "notLeader", leader: undefined });
    step(raft, append([]));
    expect(propose(raft, noBytes)).toEqual({ kind: "notLeader", leader: b });
    expect(readIndex(raft, 1)).toEqual({ kind: "notLeader", leader: b });
  });

  test("bounds proposals, reads and saves under way", () => {
    const config = { ...defaultRaftConfig, uncommittedBytesMax: 400, readsWaitingMax: 1 };
    const raft = start([a], { ...config, entryBytesMax: 300, savesInflightMax: 1 });
    campaign(raft);
    expect(takeReady(raft)?.ticket).toBeDefined();
    expect(propose(raft, new Uint8Array(200)).kind).toBe("accepted");
    expect(propose(raft, new Uint8Array(200)).kind).toBe("overloaded");
    expect(() => propose(raft, new Uint8Array(301))).toThrow("exceeds the bound of 300");
    expect(readIndex(raft, 1).kind).toBe("accepted");
    expect(readIndex(raft, 2).kind).toBe("overloaded");
    // The first save is still under way, so the second waits in the core.
    expect(takeReady(raft)).toBeUndefined();
  });

  test("saves end in the order in which they were taken", () => {
    const raft = start();
    campaign(raft);
    const first = takeReady(raft)!;
    propose(raft, noBytes);
    const second = takeReady(raft)!;
    expect(() => persisted(raft, second.ticket!)).toThrow("out of order");
    expect(first.ticket?.lastIndex).toBe(1);
  });

  test("refuses an append whose entries do not follow one another", () => {
    const entry = (index: number, term: number): Entry => {
      return { index, term, kind: "command", data: noBytes };
    };
    const bad = [[entry(2, 1)], [entry(1, 1), entry(3, 1)], [entry(1, 2)]];
    for (const entries of bad) {
      expect(() => step(start([a, b, c]), append(entries))).toThrow("check that all masters");
    }
    expect(() => step(start([a, b, c]), { ...append([]), to: c })).toThrow("reached a");
  });

  test("refuses to start from a state that cannot be", () => {
    const startFrom = (hardState: typeof emptyHardState, entries: readonly Entry[]): Raft =>
      createRaft({
        id: a,
        voters: simpleVoters([a]),
        config: defaultRaftConfig,
        random: randomStream(1),
        hardState,
        snapshot: undefined,
        entries,
      });
    const entry: Entry = { index: 1, term: 2, kind: "noop", data: noBytes };
    expect(() => startFrom({ ...emptyHardState, commit: 1 }, [])).toThrow("recovered commit 1");
    expect(() => startFrom({ ...emptyHardState, term: 1 }, [entry])).toThrow("recovered term 1");
  });
});
