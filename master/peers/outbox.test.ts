// The line to a peer: in order, one call at a time, bounded, and nothing stale after a failure.

import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../proto/ids.ts";
import { peerMessagesQueuedMax, rpcMessageBytesMax } from "../../proto/limits.ts";
import type { RpcClient } from "../../proto/ports/rpc.ts";
import type { StepRequest } from "../../proto/wire/generated/engine.ts";
import type { Message } from "../raft/messages.ts";
import { decodePeerMessage } from "./codec.ts";
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
  const calls: { messages: Message[]; bytes: number; end(failure?: EngineError): void }[] = [];
  const rpc = {
    call: (_address: string, _method: unknown, request: StepRequest) =>
      new Promise((resolve, reject) => {
        calls.push({
          messages: request.messages.map(decodePeerMessage),
          bytes: request.messages.reduce((sum, message) => sum + message.length, 0),
          end: (failure) => (failure === undefined ? resolve({}) : reject(failure)),
        });
      }),
    close: () => {},
  } as unknown as RpcClient;
  const removals: EngineError[] = [];
  const refusals: string[] = [];
  const options = {
    ...{ clusterId: "c", self: a, key: "k" },
    addressOf: (id: MasterId) => peers.get(id),
    onRemoved: (failure: EngineError) => void removals.push(failure),
    onRefused: (to: MasterId, { code }: EngineError) => void refusals.push(`${to}: ${code}`),
  };
  return { outbox: createOutbox(options, rpc), calls, removals, refusals };
}

function commits(messages: readonly Message[]): number[] {
  return messages.map((message) => (message.kind === "heartbeat" ? message.commit : -1));
}

describe("outbox", () => {
  test("one call at a time; the next takes all that gathered, in order", async () => {
    const { outbox, calls } = openOutbox();
    outbox.send([heartbeat(1)]);
    outbox.send([heartbeat(2), heartbeat(3)]);
    outbox.send([heartbeat(4)]);
    await settle();
    expect(calls).toHaveLength(1);
    calls[0]!.end();
    await settle();
    expect(calls.map(({ messages }) => commits(messages))).toEqual([[1], [2, 3, 4]]);
  });

  test("the oldest go when too many wait", async () => {
    const { outbox, calls } = openOutbox();
    outbox.send([heartbeat(0)]);
    const waiting = Array.from({ length: peerMessagesQueuedMax + 3 }, (_, i) => heartbeat(i + 1));
    outbox.send(waiting);
    calls[0]!.end();
    await settle();
    expect(commits(calls[1]!.messages)[0]).toBe(4);
    expect(calls[1]!.messages).toHaveLength(peerMessagesQueuedMax);
  });

  test("after a failed call what waited is forgotten, and the next message goes at once", async () => {
    const { outbox, calls } = openOutbox();
    outbox.send([heartbeat(1)]);
    outbox.send([heartbeat(2)]);
    calls[0]!.end(new EngineError("UNAVAILABLE", "gone"));
    await settle();
    expect(calls).toHaveLength(1);
    outbox.send([heartbeat(3)]);
    expect(commits(calls[1]!.messages)).toEqual([3]);
  });

  test("no call is larger than a message may be, whatever waits", async () => {
    const { outbox, calls } = openOutbox();
    const entry = { index: 1, term: 1, kind: "command", data: new Uint8Array(1 << 20) } as const;
    const rest = { term: 1, prevIndex: 0, prevTerm: 0, commit: 0, entries: [entry] };
    const append: Message = { kind: "append", from: a, to: b, ...rest };
    outbox.send(Array.from({ length: 50 }, () => append));
    let sent = 0;
    for (let call = 0; call < calls.length; call++) {
      const { messages, bytes } = calls[call]!;
      expect(bytes).toBeLessThan(rpcMessageBytesMax);
      sent += messages.length;
      calls[call]!.end();
      await settle();
    }
    expect(sent).toBe(50);
    expect(calls.length).toBeLessThan(10);
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
    const { outbox, calls } = openOutbox();
    outbox.send([heartbeat(1)]);
    outbox.send([heartbeat(2)]);
    outbox.close();
    calls[0]!.end();
    outbox.send([heartbeat(3)]);
    await settle();
    expect(calls).toHaveLength(1);
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
