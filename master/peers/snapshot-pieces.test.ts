// Snapshots in pieces: what arrives in order is whole again, anything else never reaches the core.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asMasterId } from "../../proto/ids.ts";
import type { InstallSnapshot, Message } from "../raft/messages.ts";
import { createAssembly, snapshotPieces } from "./snapshot-pieces.ts";

function snapshot(index: number, bytes: Uint8Array): InstallSnapshot {
  return {
    kind: "installSnapshot",
    from: asMasterId("a"),
    to: asMasterId("b"),
    term: 4,
    snapshotIndex: index,
    snapshotTerm: 3,
    offset: 0,
    done: true,
    bytes,
  };
}

const heartbeat: Message = {
  kind: "heartbeat",
  from: asMasterId("a"),
  to: asMasterId("b"),
  term: 4,
  commit: 1,
  readRound: 0,
};

describe("snapshot pieces", () => {
  test("cut and put together, they are the snapshot again; other messages pass between them", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 50 }),
        fc.integer({ min: 1, max: 9 }),
        (bytes, size) => {
          const whole = snapshot(7, bytes);
          const assembly = createAssembly();
          const pieces = snapshotPieces(whole, size);
          const taken = pieces.map((piece) => {
            expect(assembly.take(heartbeat)).toBe(heartbeat);
            return assembly.take(piece);
          });
          expect(taken.pop()).toEqual(whole);
          expect(taken.every((message) => message === undefined)).toBe(true);
        },
      ),
    );
  });

  test("however pieces are lost, doubled and mixed, only whole snapshots come out", () => {
    const sources = [1, 2].map((index) => snapshot(index, Uint8Array.of(index, 2, 3, 4, 5)));
    const pieces = sources.flatMap((whole) => snapshotPieces(whole, 2));
    let completed = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 20 }), (arrived) => {
        const assembly = createAssembly();
        for (const piece of arrived) {
          const message = assembly.take(piece);
          if (message === undefined) continue;
          completed++;
          expect(sources).toContainEqual(message);
        }
      }),
      { numRuns: 1000 },
    );
    expect(completed).toBeGreaterThan(0);
  });

  test("a snapshot beyond the bound is refused, and the next one is taken", () => {
    const assembly = createAssembly(5);
    const [first, second] = snapshotPieces(snapshot(1, new Uint8Array(6)), 3);
    expect(assembly.take(first!)).toBeUndefined();
    expect(() => assembly.take(second!)).toThrow(/more than 5 bytes/);
    const small = snapshot(2, new Uint8Array(5));
    expect(assembly.take(small)).toEqual(small);
  });
});
