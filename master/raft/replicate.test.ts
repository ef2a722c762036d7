// What a leader sends to a follower of which it does not know where it stands: little, until it answers.

import { describe, expect, test } from "vitest";
import { asMasterId } from "../../proto/ids.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { defaultRaftConfig } from "./config.ts";
import type { Entry } from "./entry.ts";
import type { Append } from "./messages.ts";
import { simpleVoters } from "./quorum.ts";
import { campaign, createRaft, step } from "./raft.ts";
import { persisted, takeReady } from "./ready.ts";
import type { Raft } from "./state.ts";

const [a, b] = [asMasterId("a"), asMasterId("b")];
const mebibyte = 1024 * 1024;

/** Leads term 2, with entries of these sizes from term 1. */
function lead(sizes: readonly number[]): Raft {
  const entries = sizes.map((size, at): Entry => {
    return { index: at + 1, term: 1, kind: "command", data: new Uint8Array(size) };
  });
  const raft = createRaft({
    ...{ id: a, voters: simpleVoters([a, b]), config: defaultRaftConfig, random: randomStream(1) },
    ...{ hardState: { term: 1, votedFor: a, commit: 0 }, snapshot: undefined, entries },
  });
  campaign(raft);
  step(raft, { kind: "preVoteReply", from: b, to: a, term: 2, granted: true });
  step(raft, { kind: "voteReply", from: b, to: a, term: 2, granted: true });
  return raft;
}

/** The appends that leave now: after which entry, and the sizes of what they carry. */
function appends(raft: Raft): [number, number[]][] {
  const sent: Append[] = [];
  for (let ready = takeReady(raft); ready !== undefined; ready = takeReady(raft)) {
    if (ready.ticket !== undefined) persisted(raft, ready.ticket);
    sent.push(...ready.messagesBeforeSync.filter((message) => message.kind === "append"));
  }
  return sent.map(({ prevIndex, entries }) => [prevIndex, entries.map(({ data }) => data.length)]);
}

function refuse(raft: Raft, index: number): void {
  const answer = { rejected: true, index, hintIndex: 0, hintTerm: 0 };
  step(raft, { kind: "appendReply", from: b, to: a, term: 2, ...answer });
}

function accept(raft: Raft, index: number): void {
  const answer = { rejected: false, index, hintIndex: 0, hintTerm: 0 };
  step(raft, { kind: "appendReply", from: b, to: a, term: 2, ...answer });
}

describe("a leader that does not know where a follower stands", () => {
  test("asks without large entries, however often, and sends them once it was told", () => {
    const raft = lead([mebibyte, mebibyte]);
    expect(appends(raft)).toEqual([[2, [0]]]);
    refuse(raft, 2);
    expect(appends(raft)).toEqual([[0, []]]);
    for (let beat = 0; beat < 3; beat++) {
      step(raft, { kind: "heartbeatReply", from: b, to: a, term: 2, readRound: 0 });
      expect(appends(raft)).toEqual([[0, []]]);
    }
    accept(raft, 0);
    expect(appends(raft)).toEqual([
      [0, [mebibyte]],
      [1, [mebibyte, 0]],
    ]);
  });

  test("takes small entries along, up to a bound", () => {
    const raft = lead([8000, 8000, 8000]);
    expect(appends(raft)).toEqual([[3, [0]]]);
    refuse(raft, 3);
    expect(appends(raft)).toEqual([[0, [8000, 8000]]]);
    accept(raft, 2);
    expect(appends(raft)).toEqual([[2, [8000, 0]]]);
  });
});
