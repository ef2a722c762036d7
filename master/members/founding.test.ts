// What a founder with an empty log asks the others, and when it does not ask.

import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asClusterId, asMasterId } from "../../proto/ids.ts";
import { foundingAskMs } from "../../proto/limits/raft.ts";
import { randomStream } from "../../proto/ports/random.ts";
import { bind } from "../../proto/ports/rpc.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import { createLocalRpc } from "../../proto/wire/local-rpc.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import { decodePeerMessage } from "../peers/codec.ts";
import { defaultRaftConfig } from "../raft/config.ts";
import { type Entry, emptyHardState } from "../raft/entry.ts";
import { simpleVoters } from "../raft/quorum.ts";
import { createRaft } from "../raft/raft.ts";
import { askFounders, isFounding } from "./founding.ts";
import { removedError } from "./removal.ts";

const [a, b, c] = [asMasterId("a"), asMasterId("b"), asMasterId("c")];
const founders = new Map([a, b, c].map((id) => [id, `${id}:1`]));
const self = { id: a, key: "founder-2" };

function open(answers: Readonly<Record<string, () => Promise<never>>>) {
  const clock = fakeClock();
  const rpc = createLocalRpc(clock);
  const asked: unknown[] = [];
  for (const [name, answer] of Object.entries(answers)) {
    rpc.serve(`${name}:1`, [
      bind(peerApi.step, ["node"], async ({ from, fromKey, messages }) => {
        asked.push([name, from, fromKey, messages.map(decodePeerMessage)]);
        return await answer();
      }),
    ]);
  }
  const ports = {
    clusterId: asClusterId("one"),
    self,
    founders,
    rpc: rpc.client({ role: "node" }),
  };
  return { clock, asked, refusal: askFounders(ports), ports };
}

test("one that knows another folder is believed, whatever the others say or do not", async () => {
  const never = () => new Promise<never>(() => {});
  const { clock, asked, refusal } = open({ b: () => Promise.reject(removedError(a)), c: never });
  await clock.advanceAsync(foundingAskMs + 100);
  expect(await refusal).toMatchObject({ code: "MASTER_REMOVED" });
  const preVote = { kind: "preVote", from: a, term: 1, lastIndex: 0, lastTerm: 0 };
  expect(asked).toMatchObject([
    ["b", a, self.key, [{ ...preVote, to: b }]],
    ["c", a, self.key, [{ ...preVote, to: c }]],
  ]);
});

test("other refusals, and nobody there, do not keep a cluster from being founded", async () => {
  const invalid = new EngineError("MESSAGE_INVALID", "another cluster");
  const { clock, refusal } = open({ b: () => Promise.reject(invalid) });
  await clock.advanceAsync(foundingAskMs + 100);
  expect(await refusal).toBeUndefined();
});

test("only a founder that has others, a key and an empty log asks", () => {
  const raftOf = (entries: readonly Entry[]) => {
    const recovered = { hardState: { ...emptyHardState, term: 1 }, snapshot: undefined, entries };
    const voters = simpleVoters([a, b, c]);
    return createRaft({
      ...{ id: a, voters, config: defaultRaftConfig, random: randomStream(1) },
      ...recovered,
    });
  };
  const { ports } = open({});
  const noop: Entry = { index: 1, term: 1, kind: "noop", data: new Uint8Array(0) };
  const alone = new Map([[a, "a:1"]]);
  expect([
    isFounding(raftOf([]), ports),
    isFounding(raftOf([noop]), ports),
    isFounding(raftOf([]), { ...ports, founders: alone }),
    isFounding(raftOf([]), { ...ports, self: { id: a, key: "" } }),
    isFounding(raftOf([]), { ...ports, self: { id: a, key: "joined" } }),
  ]).toEqual([true, false, false, false, false]);
});
