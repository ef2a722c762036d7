// A master knows that it was removed when that is certain, and asks while it is not.

import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId } from "../../proto/ids.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { bind } from "../../proto/ports/rpc.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { createLocalRpc } from "../../proto/wire/local-rpc.ts";
import { masterApi } from "../../proto/wire/methods.ts";
import { defaultRaftConfig } from "../raft/config.ts";
import { emptyHardState } from "../raft/entry.ts";
import type { Membership } from "../raft/membership.ts";
import { createRaft } from "../raft/raft.ts";
import { createRemovalQuestion, isForeignAnswer, watchStanding } from "./removal.ts";

const [a, b] = [asMasterId("a"), asMasterId("b")];

/** Voters as `name` of a founder or `name/key`. */
function membership(...voters: string[]): Membership {
  const parts = voters.map((voter) => voter.split("/") as [string, string?]);
  const members = new Map(
    parts.map(([id, key = ""]) => [asMasterId(id), { address: `${id}:1`, key, replaces: "" }]),
  );
  return { voters: [...members.keys()], votersOutgoing: [], learners: [], members };
}

/** The standing of `b` as its log grows by one membership after the other. */
function standingOf(key: string, founders: readonly string[]) {
  const voters = { incoming: founders.map(asMasterId), outgoing: [] };
  const start = { id: b, voters, config: defaultRaftConfig, random: randomStream(1) };
  const recovered = { hardState: emptyHardState, snapshot: undefined, entries: [] };
  const raft = createRaft({ ...start, ...recovered });
  const standing = watchStanding(raft, { id: b, key });
  const add = (...names: string[]): void => {
    const placed = { index: raft.log.memberships.length, membership: membership(...names) };
    raft.log.memberships.push(placed);
  };
  const look = (isCommitted: boolean) => {
    const { index, membership: now } = raft.log.memberships.at(-1)!;
    raft.log.commitIndex = isCommitted ? index : index - 1;
    return standing({ index, isCommitted, membership: now });
  };
  return (isCommitted: boolean, ...names: string[]) => {
    add(...names);
    const found = look(isCommitted);
    if (!isCommitted) raft.log.memberships.pop();
    return found;
  };
}

test("a founder is removed once that is committed, and doubtful before", () => {
  const standing = standingOf("", ["a", "b"]);
  expect(standing(true, "a", "b")).toBe("member");
  expect(standing(false, "a")).toBe("doubtful");
  expect(standing(true, "a")).toBe("removed");
});

test("while it catches up, a new one reads of earlier ones under its id without minding", () => {
  const standing = standingOf("k2", []);
  for (const names of [["a"], ["a", "b"], ["a"], ["a", "b/k1"], ["a"]]) {
    expect(standing(true, ...names)).toBe("member");
  }
  expect(standing(true, "a", "b/k2")).toBe("member");
  expect(standing(true, "a", "b/k3")).toBe("removed");
});

test("an addition that was taken back does not count", () => {
  const standing = standingOf("k", []);
  expect(standing(false, "a", "b/k")).toBe("member");
  expect(standing(true, "a")).toBe("member");
});

test("only answers are held against the key of the member, and nothing that a member asks", () => {
  const voters = { incoming: [a, b], outgoing: [] };
  const members = membership("a", "b/k2").members;
  const start = { id: a, voters, members, config: defaultRaftConfig, random: randomStream(1) };
  const raft = createRaft({
    ...start,
    hardState: emptyHardState,
    snapshot: undefined,
    entries: [],
  });
  const envelope = { from: b, to: a, term: 1 };
  const vote = { ...envelope, kind: "voteReply", granted: true } as const;
  const heartbeat = { ...envelope, kind: "heartbeat", commit: 0, readRound: 0 } as const;
  expect(isForeignAnswer(raft, { id: b, key: "k1" }, vote)).toBe(true);
  expect(isForeignAnswer(raft, { id: b, key: "k2" }, vote)).toBe(false);
  // A leader that joined is not known yet to who lags behind, and is followed all the same.
  expect(isForeignAnswer(raft, { id: b, key: "k3" }, heartbeat)).toBe(false);
  // Whoever is no member is not counted anyhow.
  expect(isForeignAnswer(raft, { id: asMasterId("c"), key: "k1" }, vote)).toBe(false);
});

test("the doubtful one asks until a leader knows, and not once it was stopped", async () => {
  const clock = fakeClock();
  const rpc = createLocalRpc(clock);
  let masters: { masterId: string; key: string }[] | undefined;
  let asked = 0;
  rpc.serve("a:1", [
    bind(masterApi.list, ["node"], async () => {
      asked++;
      if (masters === undefined) throw new EngineError("NOT_LEADER", "a does not lead");
      return { mastersJson: JSON.stringify({ masters }), addresses: [] };
    }),
  ]);
  let removals = 0;
  const client = rpc.client({ role: "node" });
  const question = createRemovalQuestion(
    { id: b, key: "k" },
    {
      ...{ rpc: client, clock },
      addresses: () => ["gone:1", "a:1"],
      onRemoved: () => removals++,
    },
  );
  question.ask();
  await clock.advanceAsync(10_000);
  expect(asked).toBeGreaterThan(2);
  masters = [
    { masterId: a, key: "" },
    { masterId: b, key: "k" },
  ];
  await clock.advanceAsync(10_000);
  expect(removals).toBe(0);
  masters = [
    { masterId: a, key: "" },
    { masterId: b, key: "another" },
  ];
  question.stop();
  const before = asked;
  await clock.advanceAsync(10_000);
  expect([removals, asked]).toEqual([0, before]);
  question.ask();
  await clock.advanceAsync(3000);
  expect(removals).toBeGreaterThan(0);
});
