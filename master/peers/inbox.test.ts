// What comes from other masters is taken whole or refused whole, before the core sees any of it.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asClusterId, asMasterId, type MasterId } from "../../proto/ids.ts";
import { peerMessagesQueuedMax } from "../../proto/limits/raft.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import type { StepRequest } from "../../proto/wire/generated/engine.ts";
import { createLocalRpc } from "../../proto/wire/local-rpc.ts";
import { peerApi } from "../../proto/wire/methods.ts";
import { isAnsweredBack, type Message } from "../raft/messages.ts";
import { createAnswers } from "./answers.ts";
import { decodePeerMessage, encodePeerMessage } from "./codec.ts";
import { bindPeers, receiveAnswers } from "./inbox.ts";

const [a, b, c] = [asMasterId("a"), asMasterId("b"), asMasterId("c")];

function heartbeat(change: Partial<Message> = {}): Uint8Array {
  const message = { kind: "heartbeat", from: b, to: a, term: 1, commit: 0, readRound: 0 } as const;
  return encodePeerMessage({ ...message, ...change } as Message);
}

function appended(...data: number[]): Uint8Array {
  const entries = [{ index: 1, term: 1, kind: "command", data: Uint8Array.from(data) }] as const;
  const place = { from: b, to: a, term: 1, prevIndex: 0, prevTerm: 0, commit: 0 };
  return encodePeerMessage({ kind: "append", ...place, entries });
}

const answer = {
  ...({ kind: "appendReply", from: a, to: b, term: 1 } as const),
  ...{ rejected: false, index: 1, hintIndex: 0, hintTerm: 0 },
};

function open(removed: string[] = [], foreign: string[] = []) {
  const clock = fakeClock();
  const rpc = createLocalRpc(clock);
  const answers = createAnswers(clock);
  const received: Message[] = [];
  const heard = new Map<string, string>();
  const bindings = bindPeers({
    ...{ clusterId: asClusterId("one"), self: a, key: "key-a", answers },
    lastIndex: () => 7,
    hear: (id, address) => heard.set(id, address),
    hearKey: () => {},
    isRemoved: ({ id, key }) => removed.includes(`${id}/${key}`),
    isForeign: ({ id, key }, { kind }) => foreign.includes(`${kind} of ${id}/${key}`),
    checkCommand: (data) => {
      if (data[0] === 0xff) throw new EngineError("LOG_CORRUPT", "this is no command");
    },
    receive: (message) => {
      received.push(message);
      if (isAnsweredBack(message.kind)) Promise.resolve().then(() => answers.take([answer]));
    },
  });
  rpc.serve("a:1", bindings);
  const peer = rpc.client({ role: "node" });
  const whole: StepRequest = {
    ...{ clusterId: "one", from: "b", to: "a", fromAddress: "b:1", fromKey: "key-b" },
    messages: [heartbeat()],
  };
  const send = (change: Partial<StepRequest>) =>
    peer.call("a:1", peerApi.step, { ...whole, ...change }, { timeoutMs: 1000 });
  return { rpc, peer, received, heard, send };
}

describe("inbox", () => {
  test("what another data folder of the sender's answers is left out, and nothing else", async () => {
    const { received, send } = open([], ["heartbeatReply of b/key-b"]);
    const reply = heartbeat({ kind: "heartbeatReply" } as Partial<Message>);
    await send({ messages: [reply, heartbeat({ term: 4 }), reply] });
    expect(received.map(({ term }) => term)).toEqual([4]);
    await send({ messages: [reply], fromKey: "key-of-old" });
    expect(received).toHaveLength(2);
  });

  test("messages arrive in order, repeated ones as often as they come, and tell where the sender is", async () => {
    const { received, heard, send } = open();
    const messages = [3, 1, 1].map((term) => heartbeat({ term }));
    await send({ messages });
    await send({ messages });
    expect(received.map(({ term }) => term)).toEqual([3, 1, 1, 3, 1, 1]);
    expect(heard).toEqual(new Map([["b", "b:1"]]));
  });

  test.each<[string, Partial<StepRequest>, string]>([
    ["another cluster", { clusterId: "two" }, "MESSAGE_INVALID"],
    ["another receiver", { messages: [heartbeat(), heartbeat({ to: c })] }, "MESSAGE_INVALID"],
    ["another sender", { messages: [heartbeat(), heartbeat({ from: c })] }, "MESSAGE_INVALID"],
    ["our own name", { from: "a", messages: [heartbeat({ from: a })] }, "MESSAGE_INVALID"],
    ["no message", { messages: [heartbeat(), new Uint8Array(0)] }, "MESSAGE_INVALID"],
    ["cut short", { messages: [heartbeat(), heartbeat().subarray(0, 5)] }, "MESSAGE_INVALID"],
    ["an impossible number", { messages: [heartbeat({ term: -1 })] }, "MESSAGE_INVALID"],
    ["a command that is none", { messages: [heartbeat(), appended(0xff)] }, "MESSAGE_INVALID"],
    ["a long address", { fromAddress: "x".repeat(261) }, "LIMIT_EXCEEDED"],
    ["a long key", { fromKey: "x".repeat(261) }, "LIMIT_EXCEEDED"],
    [
      "too many at once",
      { messages: Array.from({ length: peerMessagesQueuedMax + 1 }, () => heartbeat()) },
      "LIMIT_EXCEEDED",
    ],
  ])("%s: all of it is refused", async (_what, change, code) => {
    const { received, heard, send } = open();
    await expect(send(change)).rejects.toMatchObject({ code });
    expect(received).toEqual([]);
    expect(heard.size).toBe(0);
  });

  test("who was removed is told so; the same id with another folder is not", async () => {
    const { received, send } = open(["b/key-b"]);
    await expect(send({})).rejects.toMatchObject({ code: "MASTER_REMOVED" });
    expect(received).toEqual([]);
    await send({ fromKey: "another" });
    expect(received).toHaveLength(1);
  });

  test("what the core answers by then travels back in the reply, one answer for each append", async () => {
    const { send } = open();
    const vote = { kind: "vote", lastIndex: 0, lastTerm: 0, force: false } as const;
    const append = { kind: "append", prevIndex: 0, prevTerm: 0, entries: [] } as const;
    const kinds: readonly Partial<Message>[] = [append, {}, vote, append];
    const messages = kinds.map((kind) => heartbeat(kind));
    const reply = await send({ messages });
    expect(reply.fromKey).toBe("key-a");
    expect(reply.messages.map(decodePeerMessage)).toMatchObject([answer, answer]);
  });

  test("says who it is, to nodes only", async () => {
    const { rpc, peer } = open();
    const asked = peer.call("a:1", peerApi.identify, {}, { timeoutMs: 1000 });
    const identity = { clusterId: "one", masterId: "a", key: "key-a", lastIndex: 7 };
    expect(await asked).toEqual(identity);
    const client = rpc.client({ role: "client" });
    const refused = client.call("a:1", peerApi.identify, {}, { timeoutMs: 1000 });
    await expect(refused).rejects.toMatchObject({ code: "FORBIDDEN" });
  });
});

describe("what a peer answers", () => {
  function receive(peer: MasterId, message: Uint8Array, foreign = false): Message[] {
    const received: Message[] = [];
    const inbox = {
      ...{ self: a, isForeign: () => foreign, hearKey: () => {} },
      receive: (one: Message) => void received.push(one),
    };
    receiveAnswers(inbox, peer, { messages: [message], fromKey: "key-b" });
    return received;
  }
  const reply = heartbeat({ kind: "heartbeatReply" } as Partial<Message>);

  test("is taken, unless another data folder answers", () => {
    expect(receive(b, reply)).toMatchObject([{ kind: "heartbeatReply", from: b }]);
    expect(receive(b, reply, true)).toEqual([]);
  });

  test.each<[string, MasterId, Uint8Array]>([
    ["no answer", b, heartbeat()],
    ["another's", c, reply],
    ["for another", b, heartbeat({ kind: "heartbeatReply", to: c } as Partial<Message>)],
    ["no message", b, new Uint8Array(0)],
  ])("%s: refused", (_what, peer, message) => {
    expect(() => receive(peer, message)).toThrow(EngineError);
  });
});
