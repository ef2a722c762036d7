// A follower against single messages that only rare orders of events bring about.
import { describe, expect, test } from "vitest";
import { asMasterId } from "../../proto/ids.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { defaultRaftConfig } from "./config.ts";
import { type Entry, noBytes, type Snapshot } from "./entry.ts";
import { lastIndexOf } from "./log.ts";
import { membershipOf } from "./membership.ts";
import type { Append, InstallSnapshot } from "./messages.ts";
import { simpleVoters } from "./quorum.ts";
import { createRaft, step } from "./raft.ts";
import { persisted, takeReady } from "./ready.ts";
import type { Raft } from "./state.ts";

const a = asMasterId("a");
const b = asMasterId("b");
const c = asMasterId("c");
const entry = (index: number, term: number): Entry => ({
  index,
  term,
  kind: "command",
  data: noBytes,
});

function follower(
  entries: readonly Entry[],
  snapshot?: Snapshot,
  config = defaultRaftConfig,
): Raft {
  return createRaft({
    id: a,
    voters: simpleVoters([a, b, c]),
    config,
    random: randomStream(1),
    hardState: { term: 3, votedFor: undefined, commit: 0 },
    snapshot,
    entries,
  });
}

function append(change: Partial<Append>): Append {
  const place = { prevIndex: 0, prevTerm: 0, commit: 0 };
  return { kind: "append", from: b, to: a, term: 3, entries: [], ...place, ...change };
}

function install(index: number, term: number): InstallSnapshot {
  const membership = membershipOf(simpleVoters([a, b, c]));
  const place = { snapshotIndex: index, snapshotTerm: term, membership, offset: 0, done: true };
  return { kind: "installSnapshot", from: b, to: a, term: 3, bytes: noBytes, ...place };
}

const repliesOf = (raft: Raft): unknown[] => [...(takeReady(raft)?.messagesAfterSync ?? [])];

describe("a follower", () => {
  test("commits nothing beyond what the message shows to be the leader's", () => {
    const raft = follower([entry(1, 1), entry(2, 1)]);
    step(raft, append({ prevIndex: 1, prevTerm: 1, commit: 2 }));
    expect(raft.log.commitIndex).toBe(1);
    expect(repliesOf(raft)).toMatchObject([{ rejected: false, index: 1 }]);
  });

  test("takes from an append that begins in the compacted part what it lacks", () => {
    const raft = follower([], { index: 5, term: 2, bytes: noBytes });
    const entries = [entry(4, 2), entry(5, 2), entry(6, 3)];
    step(raft, append({ prevIndex: 3, prevTerm: 1, entries }));
    expect(repliesOf(raft)).toMatchObject([{ rejected: false, index: 6 }]);
    expect(lastIndexOf(raft.log)).toBe(6);
  });

  test("keeps its log when a snapshot holds nothing new, and answers what it has", () => {
    const raft = follower([entry(1, 1), entry(2, 1), entry(3, 1)]);
    step(raft, install(2, 1));
    const ready = takeReady(raft);
    expect(ready?.snapshot).toBeUndefined();
    expect(ready?.messagesAfterSync).toMatchObject([{ kind: "installSnapshotReply", index: 2 }]);
    expect(lastIndexOf(raft.log)).toBe(3);
    step(raft, install(1, 1));
    expect(repliesOf(raft)).toMatchObject([{ index: 2 }]);
  });

  test("gives up a log that contradicts a snapshot", () => {
    const raft = follower([entry(1, 1), entry(2, 1), entry(3, 1)]);
    step(raft, install(2, 3));
    expect(takeReady(raft)?.snapshot?.index).toBe(2);
    expect(lastIndexOf(raft.log)).toBe(2);
  });

  test("puts a snapshot together from pieces that arrive once, twice and after a gap", () => {
    const raft = follower([]);
    const piece = (offset: number, end: number, done: boolean): InstallSnapshot => {
      const bytes = Uint8Array.of(1, 2, 3, 4, 5).subarray(offset, end);
      return { ...install(9, 2), offset, bytes, done };
    };
    step(raft, piece(0, 2, false));
    step(raft, piece(0, 2, false));
    step(raft, piece(4, 5, true));
    const answer = { kind: "installSnapshotReply", index: 0, snapshotIndex: 9, offset: 2 };
    expect(repliesOf(raft)).toMatchObject([answer, answer, answer]);
    step(raft, piece(2, 4, false));
    step(raft, piece(4, 5, true));
    const ready = takeReady(raft);
    expect(ready?.snapshot?.bytes).toEqual(Uint8Array.of(1, 2, 3, 4, 5));
    expect(ready?.messagesAfterSync).toMatchObject([{ index: 0, offset: 4 }, { index: 9 }]);
    expect(raft.assembly).toBeUndefined();
  });

  test("never mixes the pieces of two snapshots, or those of two leaders", () => {
    const raft = follower([]);
    const first = { ...install(9, 2), bytes: Uint8Array.of(1, 2), done: false };
    step(raft, first);
    const newer = { ...install(10, 2), offset: 2, bytes: Uint8Array.of(9), done: true };
    step(raft, newer);
    expect(raft.log.commitIndex).toBe(0);
    step(raft, first);
    step(raft, { ...first, from: c, term: 4, offset: 2, done: true });
    expect(raft.log.commitIndex).toBe(0);
    expect(raft.assembly?.bytes).toBe(0);
  });

  test("refuses a snapshot beyond the bound, and takes the next one", () => {
    const raft = follower([], undefined, { ...defaultRaftConfig, snapshotBytesMax: 3 });
    step(raft, { ...install(9, 2), bytes: Uint8Array.of(1, 2), done: false });
    const rest = { ...install(9, 2), offset: 2, bytes: Uint8Array.of(3, 4), done: true };
    expect(() => step(raft, rest)).toThrow("more than 3 bytes");
    step(raft, { ...install(9, 2), bytes: Uint8Array.of(1, 2, 3), done: true });
    expect(raft.log.commitIndex).toBe(9);
  });

  test("saves a vote of a term that was saved before", () => {
    const raft = follower([]);
    step(raft, { kind: "voteReply", from: b, to: a, term: 5, granted: false });
    const first = takeReady(raft);
    expect(first?.hardState).toEqual({ term: 5, votedFor: undefined, commit: 0 });
    persisted(raft, first!.ticket!);
    const place = { lastIndex: 0, lastTerm: 0, force: false };
    step(raft, { kind: "vote", from: c, to: a, term: 5, ...place });
    const second = takeReady(raft);
    expect(second?.hardState).toEqual({ term: 5, votedFor: c, commit: 0 });
    expect(second?.messagesBeforeSync).toEqual([]);
    expect(second?.messagesAfterSync).toMatchObject([{ kind: "voteReply", granted: true }]);
  });
});
