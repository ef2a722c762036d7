// Every kind of message survives the wire; damaged or impossible ones are refused, never half believed.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId } from "../../proto/ids.ts";
import type { Membership } from "../raft/membership.ts";
import { encodeMembership } from "../raft/membership-codec.ts";
import type { Message } from "../raft/messages.ts";
import { decodePeerMessage, encodePeerMessage } from "./codec.ts";

const head = { from: asMasterId("a"), to: asMasterId("b"), term: 7 };
const membership: Membership = {
  voters: ["a", "b"].map(asMasterId),
  votersOutgoing: [asMasterId("a")],
  learners: [asMasterId('é ,"|')],
  members: new Map([[asMasterId("a"), { address: "a:1", key: "", replaces: "b" }]]),
};
const bytes = Uint8Array.of(1, 2, 3);

const messages: readonly Message[] = [
  { ...head, kind: "preVote", lastIndex: 4, lastTerm: 2 },
  { ...head, kind: "preVoteReply", granted: true },
  { ...head, kind: "vote", lastIndex: 4, lastTerm: 2, force: true },
  { ...head, kind: "voteReply", granted: false },
  {
    ...head,
    kind: "append",
    prevIndex: 4,
    prevTerm: 2,
    commit: 3,
    entries: [
      { index: 5, term: 6, kind: "noop", data: new Uint8Array(0) },
      { index: 6, term: 7, kind: "command", data: bytes },
      { index: 7, term: 7, kind: "config", data: encodeMembership(membership) },
    ],
  },
  { ...head, kind: "appendReply", rejected: true, index: 9, hintIndex: 5, hintTerm: 2 },
  { ...head, kind: "heartbeat", commit: 4, readRound: 8 },
  { ...head, kind: "heartbeatReply", readRound: 8 },
  {
    ...head,
    kind: "installSnapshot",
    snapshotIndex: 9,
    snapshotTerm: 3,
    membership,
    offset: 0,
    done: true,
    bytes,
  },
  { ...head, kind: "installSnapshotReply", index: 9, snapshotIndex: 12, offset: 5 },
  { ...head, kind: "timeoutNow" },
];

describe("peer messages", () => {
  test.each(messages)("$kind survives the wire", (message) => {
    expect(decodePeerMessage(encodePeerMessage(message))).toMatchObject({ ...message });
  });

  test("entries that do not follow the one named are refused", () => {
    const gap = messages.find((message) => message.kind === "append");
    if (gap?.kind !== "append") throw new Error("no append among the examples");
    const entries = [{ index: 6, term: 6, kind: "noop" as const, data: bytes }];
    expect(() => decodePeerMessage(encodePeerMessage({ ...gap, entries }))).toThrow(EngineError);
  });

  test("a membership that makes no sense is refused", () => {
    const append = messages.find((message) => message.kind === "append");
    if (append?.kind !== "append") throw new Error("no append among the examples");
    const entries = [{ index: 5, term: 6, kind: "config" as const, data: bytes }];
    expect(() => decodePeerMessage(encodePeerMessage({ ...append, entries }))).toThrow(
      "membership of 3 bytes makes no sense",
    );
  });

  test("random bytes are refused by a typed error or are a message", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (noise) => {
        try {
          expect(decodePeerMessage(noise).kind).toBeTypeOf("string");
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(EngineError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  /** Where a message was damaged: bytes overwritten, cut off, doubled. */
  const damage = fc.array(
    fc.record({
      at: fc.nat({ max: 200 }),
      value: fc.nat({ max: 255 }),
      how: fc.constantFrom("set", "cut", "insert"),
    }),
    { minLength: 1, maxLength: 4 },
  );

  test("a damaged message is refused by a typed error, or is one that the wire carries", () => {
    fc.assert(
      fc.property(fc.constantFrom(...messages), damage, (message, damages) => {
        let wire = [...encodePeerMessage(message)];
        for (const { at, value, how } of damages) {
          const place = at % wire.length;
          if (how === "set") wire[place] = value;
          else if (how === "insert") wire.splice(place, 0, value);
          else wire = wire.slice(0, Math.max(1, place));
        }
        try {
          const decoded = decodePeerMessage(Uint8Array.from(wire));
          const again = decodePeerMessage(encodePeerMessage(decoded));
          expect(again.kind).toBe(decoded.kind);
          expect([again.from, again.to, again.term]).toEqual([
            ...[decoded.from, decoded.to, decoded.term],
          ]);
          for (const value of Object.values(decoded)) {
            if (typeof value === "number") expect(value).toBeGreaterThanOrEqual(0);
          }
        } catch (thrown) {
          if (!(thrown instanceof EngineError)) throw thrown;
          expect(thrown.code).toBe("MESSAGE_INVALID");
        }
      }),
      { numRuns: 10_000 },
    );
  });
});
