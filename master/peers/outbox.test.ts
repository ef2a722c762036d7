// The lines to a peer: in order, few calls at a time, bounded, and nothing stale after a failure.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../proto/ids.ts";
import {
  peerCallPatienceMs,
  peerCallsInflightMax,
  peerMessagesQueuedMax,
  raftAppendBytesMax,
} from "../../proto/limits/raft.ts";
import type { RpcCallOptions, RpcClient } from "../../proto/ports/rpc.ts";
import { fakeClock } from "../../proto/testing/fake-clock.ts";
import type { StepReply, StepRequest } from "../../proto/wire/generated/engine.ts";
import type { Message } from "../raft/messages.ts";
import { createAnswers } from "./answers.ts";
import { decodePeerMessage, encodePeerMessage } from "./codec.ts";
import { createOutbox } from "./outbox.ts";

const [a, b] = [asMasterId("a"), asMasterId("b")];
const peers = new Map([
  [a, "a:1"],
  [b, "b:1"],
]);

function heartbeat(commit: number): Message {
  return { kind: "heartbeat", from: a, to: b, term: 1, commit, readRound: 0 };
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

/** An outbox whose calls end when the test says so. */
function openOutbox() {
  interface Call {
    readonly messages: Message[];
    readonly bytes: number;
    readonly timeoutMs: number;
    end(failure?: EngineError, reply?: StepReply): void;
  }
  const calls: Call[] = [];
  const rpc = {
    call: (
      _address: string,
      _method: unknown,
      request: StepRequest,
      { timeoutMs }: RpcCallOptions,
    ) =>
      new Promise((resolve, reject) => {
        calls.push({
          messages: request.messages.map(decodePeerMessage),
          bytes: request.messages.reduce((sum, message) => sum + message.length, 0),
          timeoutMs,
          end: (failure, reply = { messages: [], fromKey: "" }) =>
            failure === undefined ? resolve(reply) : reject(failure),
        });
      }),
    close: () => {},
  } as unknown as RpcClient;
  const removals: EngineError[] = [];
  const refusals: string[] = [];
  const clock = fakeClock();
  const answers = createAnswers(clock);
  const answered: Message[] = [];
  const options = {
    ...{ clusterId: "c", self: a, key: "k", clock, answers },
    receiveAnswers: (_from: MasterId, { messages }: StepReply) => {
      answered.push(...messages.map(decodePeerMessage));
    },
    addressOf: (id: MasterId) => peers.get(id),
    onRemoved: (failure: EngineError) => void removals.push(failure),
    onRefused: (to: MasterId, { code }: EngineError) => void refusals.push(`${to}: ${code}`),
  };
  return {
    outbox: createOutbox(options, rpc),
    answers,
    answered,
    calls,
    clock,
    removals,
    refusals,
  };
}

function commits(messages: readonly Message[]): number[] {
  return messages.map((message) => (message.kind === "heartbeat" ? message.commit : -1));
}

describe("outbox", () => {
  /** So many calls that the next message has to wait. */
  function fill({ outbox, calls }: ReturnType<typeof openOutbox>): Call[] {
    const before = calls.length;
    for (let call = 0; call < peerCallsInflightMax; call++) outbox.send([heartbeat(0)]);
    return calls.slice(before);
  }
  type Call = ReturnType<typeof openOutbox>["calls"][number];

  test("few calls at a time; the next takes all that gathered, in order", async () => {
    const world = openOutbox();
    const { outbox, calls } = world;
    const [first] = fill(world);
    outbox.send([heartbeat(1)]);
    outbox.send([heartbeat(2), heartbeat(3)]);
    await settle();
    expect(calls).toHaveLength(peerCallsInflightMax);
    first!.end();
    await settle();
    expect(commits(calls.at(-1)!.messages)).toEqual([1, 2, 3]);
  });

  test("the oldest go when too many wait", async () => {
    const world = openOutbox();
    const { outbox, calls } = world;
    const [first] = fill(world);
    const waiting = Array.from({ length: peerMessagesQueuedMax + 3 }, (_, i) => heartbeat(i + 1));
    outbox.send(waiting);
    first!.end();
    await settle();
    expect(commits(calls.at(-1)!.messages)[0]).toBe(4);
    expect(calls.at(-1)!.messages).toHaveLength(peerMessagesQueuedMax);
  });

  test("after a failed call what waited is forgotten, and the next message goes at once", async () => {
    const world = openOutbox();
    const { outbox, calls } = world;
    const filled = fill(world);
    outbox.send([heartbeat(2)]);
    for (const call of filled) call.end(new EngineError("UNAVAILABLE", "gone"));
    await settle();
    expect(calls).toHaveLength(peerCallsInflightMax);
    outbox.send([heartbeat(3)]);
    expect(commits(calls.at(-1)!.messages)).toEqual([3]);
  });

  function append(bytes: number): Message {
    const entry = { index: 1, term: 1, kind: "command", data: new Uint8Array(bytes) } as const;
    const rest = { term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries: [entry] };
    return { kind: "append", from: a, to: b, ...rest };
  }

  test("no call is much larger than an append may be, whatever waits", async () => {
    const { outbox, calls } = openOutbox();
    outbox.send(Array.from({ length: 50 }, () => append(raftAppendBytesMax / 4)));
    let sent = 0;
    for (let call = 0; call < calls.length; call++) {
      const { messages, bytes } = calls[call]!;
      expect(bytes).toBeLessThan(1.1 * raftAppendBytesMax);
      sent += messages.length;
      calls[call]!.end();
      await settle();
    }
    expect(sent).toBe(50);
    expect(calls.length).toBeLessThan(15);
  });

  test("a heartbeat never waits behind entries, and nothing small overtakes what is large", async () => {
    const { outbox, calls } = openOutbox();
    outbox.send([append(raftAppendBytesMax)]);
    outbox.send([append(1), heartbeat(1)]);
    await settle();
    expect(calls.map(({ messages }) => messages[0]?.kind)).toEqual(["append", "heartbeat"]);
    calls[0]!.end();
    await settle();
    expect(calls).toHaveLength(3);
  });

  test("what is slow is waited for by its size, then passed, and may still arrive and be answered", async () => {
    const { outbox, calls, clock, answered } = openOutbox();
    outbox.send([append(raftAppendBytesMax)]);
    outbox.send([append(1)]);
    await clock.advanceAsync(4 * peerCallPatienceMs);
    expect(calls).toHaveLength(1);
    await clock.advanceAsync(8 * peerCallPatienceMs);
    expect(calls).toHaveLength(2);
    expect(calls[0]!.timeoutMs).toBeGreaterThan(16 * peerCallPatienceMs);
    const answer = { from: b, to: a, term: 1, readRound: 0 };
    const reply = encodePeerMessage({ kind: "heartbeatReply", ...answer });
    calls[0]!.end(undefined, { messages: [reply], fromKey: "" });
    await settle();
    expect(answered).toMatchObject([{ kind: "heartbeatReply" }]);
  });

  test("an answer for which the peer's own delivery waits travels with that one", async () => {
    const { outbox, answers, calls } = openOutbox();
    const collected = answers.collect(b, 1);
    const rest = { rejected: false, index: 1, hintIndex: 0, hintTerm: 0 };
    const answer: Message = { kind: "appendReply", from: a, to: b, term: 1, ...rest };
    outbox.send([answer, heartbeat(1)]);
    expect(await collected).toEqual([answer]);
    expect(calls.map(({ messages }) => messages.map(({ kind }) => kind))).toEqual([["heartbeat"]]);
  });

  test("what makes or keeps a leader goes to its address, so that one nobody can reach is none", () => {
    const { outbox, answers, calls } = openOutbox();
    void answers.collect(b, 1);
    const head = { from: a, to: b, term: 1 };
    outbox.send([{ kind: "heartbeatReply", ...head, readRound: 0 }]);
    outbox.send([{ kind: "voteReply", ...head, granted: true }]);
    const sent = calls.flatMap(({ messages }) => messages.map(({ kind }) => kind));
    expect(sent).toEqual(["heartbeatReply", "voteReply"]);
  });

  test("a peer without an address gets nothing, and its messages do not pile up", async () => {
    const { outbox, calls } = openOutbox();
    outbox.send([{ ...heartbeat(1), to: asMasterId("nowhere") }]);
    await settle();
    expect(calls).toHaveLength(0);
  });

  test("who is told that it was removed says so", async () => {
    const { outbox, calls, removals } = openOutbox();
    outbox.send([heartbeat(1)]);
    calls[0]!.end(new EngineError("MASTER_REMOVED", "gone"));
    await settle();
    expect(removals).toMatchObject([{ code: "MASTER_REMOVED" }]);
  });

  test("closed, it sends nothing more", async () => {
    const world = openOutbox();
    const { outbox, calls } = world;
    const [first] = fill(world);
    outbox.send([heartbeat(2)]);
    outbox.close();
    first!.end();
    outbox.send([heartbeat(3)]);
    await settle();
    expect(calls).toHaveLength(peerCallsInflightMax);
  });

  test("a refusal is told once, until something is taken; an outage is none", async () => {
    const { outbox, calls, refusals } = openOutbox();
    const end = async (failure?: EngineError): Promise<void> => {
      outbox.send([heartbeat(1)]);
      calls.at(-1)!.end(failure);
      await settle();
    };
    await end(new EngineError("UNAVAILABLE", "away"));
    expect(refusals).toEqual([]);
    const refused = new EngineError("MESSAGE_INVALID", "makes no sense");
    await end(refused);
    await end(refused);
    expect(refusals).toEqual(["b: MESSAGE_INVALID"]);
    await end();
    await end(refused);
    expect(refusals).toHaveLength(2);
  });
});
