// Real masters get messages that no correct peer would send: each is refused by name, and nothing is lost.

import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { encodePeerMessage } from "../../master/peers/codec.ts";
import type { Message } from "../../master/raft/messages.ts";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId } from "../../proto/ids.ts";
import { createGrpcClient } from "../../proto/io/grpc-client.ts";
import { peerMessagesQueuedMax } from "../../proto/limits/raft.ts";
import { rpcMessageBytesMax } from "../../proto/limits/rpc.ts";
import type { StepRequest } from "../../proto/wire/generated/engine.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import type { LockView, MastersView } from "../../proto/wire/views.ts";
import { builtProgram, type LocalCluster, startLocalCluster } from "../cluster/local-cluster.ts";
import { runCommand } from "./testing/command-line.ts";
import { scratchFolder } from "./testing/folders.ts";

const folder = scratchFolder("hostile-peer");
let running: LocalCluster;
afterAll(() => running?.stop());

async function run<View>(...args: string[]): Promise<View> {
  const environment = { ...running.environment, MILLRACE_NODE_TOKEN: running.nodeToken };
  const at = ["--masters", running.masters.join(","), "--json"];
  const result = await runCommand([...args, ...at], { environment });
  expect(result.code, `${args.join(" ")}: ${result.stderr}`).toBe(0);
  return JSON.parse(result.stdout) as View;
}

async function lockNames(): Promise<readonly string[]> {
  const { locks } = await run<{ locks: readonly LockView[] }>("lock", "list");
  return locks.map(({ name }) => name).sort();
}

const text = (words: string) => new TextEncoder().encode(words);
const noMembers = { voters: [], votersOutgoing: [], learners: [] };

interface Known {
  readonly leader: string;
  readonly other: string;
  readonly target: string;
  readonly term: number;
  readonly lastIndex: number;
}

/** To the target, as if from the leader, in its term. */
function message({ leader, target, term }: Known, change: object): Uint8Array {
  const [from, to] = [asMasterId(leader), asMasterId(target)];
  return encodePeerMessage({ kind: "heartbeat", from, to, term, ...change } as Message);
}

const beat = { commit: 0, readRound: 0 };

/** What is sent, and the code that refuses it. */
function hostile(known: Known): readonly (readonly [string, Partial<StepRequest>, string])[] {
  const { other, term, lastIndex } = known;
  const append = (entry: object, place: object = { prevIndex: 0, prevTerm: 0 }): Uint8Array => {
    const first = { index: 1, term: 1, kind: "command", data: text("{}") };
    return message(known, {
      kind: "append",
      commit: 0,
      ...place,
      entries: [{ ...first, ...entry }],
    });
  };
  const piece = { kind: "installSnapshot", membership: noMembers, offset: 0, done: true };
  const place = { snapshotIndex: lastIndex + 1000, snapshotTerm: term, bytes: text("no state") };
  return [
    ["no bytes of ours", { messages: [text("what is this?")] }, "MESSAGE_INVALID"],
    ["another cluster", { clusterId: "cluster-0000" }, "MESSAGE_INVALID"],
    [
      "another term's worth",
      { messages: [message(known, { ...beat, term: 2 ** 45 })] },
      "MESSAGE_INVALID",
    ],
    [
      "an index without end",
      { messages: [message(known, { ...beat, commit: 2 ** 52 })] },
      "MESSAGE_INVALID",
    ],
    [
      "a second leader",
      { from: other, messages: [message(known, { ...beat, from: other })] },
      "MESSAGE_INVALID",
    ],
    ["a gap", { messages: [append({ index: 3 })] }, "MESSAGE_INVALID"],
    ["an entry of no command", { messages: [append({})] }, "MESSAGE_INVALID"],
    [
      "what contradicts a commit",
      { messages: [append({ kind: "noop", term })] },
      "MESSAGE_INVALID",
    ],
    [
      "a candidate of the future",
      {
        from: other,
        messages: [
          message(known, {
            kind: "vote",
            from: other,
            lastIndex: 9,
            lastTerm: term + 9,
            force: true,
          }),
        ],
      },
      "MESSAGE_INVALID",
    ],
    [
      "a snapshot of nothing",
      { messages: [message(known, { ...piece, ...place })] },
      "MESSAGE_INVALID",
    ],
    [
      "too many",
      {
        messages: Array.from({ length: peerMessagesQueuedMax + 1 }, () => message(known, beat)),
      },
      "LIMIT_EXCEEDED",
    ],
    ["too much", { messages: [new Uint8Array(rpcMessageBytesMax + 1)] }, "LIMIT_EXCEEDED"],
  ];
}

test("refused with a typed error to whoever sent it, and the cluster goes on with all it had", async () => {
  const program = builtProgram();
  running = await startLocalCluster({
    ...{ masters: 3, workers: 0, threads: 1, program },
    folder: join(folder, "cluster"),
  });
  await run("lock", "acquire", "before", "--ttl", "600");
  // So that the first entries are of an earlier term than that of the leader.
  const { leader: first } = await run<MastersView>("master", "list");
  await run("master", "transfer", first === "master-1" ? "master-2" : "master-1");
  const { clusterId, leader, term } = await run<MastersView>("master", "list");
  const ids = ["master-1", "master-2", "master-3"];
  const [target, other] = ids.filter((id) => id !== leader);
  const address = running.masters[ids.indexOf(target!)]!;
  const rpc = createGrpcClient({ token: running.nodeToken });

  /** The code of the refusal, or `taken`. */
  async function sent(change: Partial<StepRequest>, to = address): Promise<string> {
    const head = { clusterId, from: leader, fromAddress: "", fromKey: "", to: target! };
    const request = { ...head, messages: [], ...change };
    try {
      await rpc.call(to, peerApi.step, request, { timeoutMs: 5000 });
      return "taken";
    } catch (thrown) {
      if (!(thrown instanceof EngineError)) throw thrown;
      return thrown.code;
    }
  }

  const { lastIndex } = await rpc.call(address, peerApi.identify, {}, { timeoutMs: 5000 });
  expect(lastIndex).toBeGreaterThan(2);
  const known: Known = { leader, other: other!, target: target!, term, lastIndex };
  for (const [what, change, code] of hostile(known)) {
    expect(await sent(change), what).toBe(code);
  }

  // What a correct peer may have sent long ago, again and out of order, is taken and changes nothing.
  const old = [
    message(known, { ...beat, commit: 1 }),
    message(known, beat),
    message(known, { ...beat, term: term - 1 }),
  ];
  for (let again = 0; again < 3; again++) expect(await sent({ messages: old })).toBe("taken");
  rpc.close();

  await run("lock", "acquire", "after", "--ttl", "600");
  expect(await lockNames()).toEqual(["after", "before"]);
  const view = await run<MastersView>("master", "list");
  expect(view.leader, "nobody had to stand for election").toBe(leader);
  for (const { child } of running.processes.values()) expect(child.exitCode).toBeNull();
  // What the follower has is what the others have: it can do without the leader.
  await running.kill(leader, "SIGKILL");
  expect(await lockNames()).toEqual(["after", "before"]);
}, 60_000);
