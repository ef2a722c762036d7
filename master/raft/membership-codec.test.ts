// The bytes of a membership give it back; what no master would have written is refused.

import fc from "fast-check";
import { expect, test } from "vitest";
import { EngineError } from "../../proto/errors.ts";
import { asMasterId } from "../../proto/ids.ts";
import type { Membership } from "./membership.ts";
import { decodeMembership, encodeMembership } from "./membership-codec.ts";

const names: Membership = {
  voters: [asMasterId("a"), asMasterId('ü\n"')],
  votersOutgoing: [asMasterId("a")],
  learners: [asMasterId("c")],
};
const known: Membership = {
  ...names,
  members: new Map([
    [asMasterId("a"), { address: "a:1", key: "", replaces: "" }],
    [asMasterId("c"), { address: "c:1", key: "0af", replaces: "a" }],
  ]),
};

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

test.each([names, known])("its bytes are ASCII and give it back", (membership) => {
  const bytes = encodeMembership(membership);
  expect(bytes.every((byte) => byte >= 32 && byte < 127)).toBe(true);
  expect(decodeMembership(bytes)).toEqual(membership);
});

test("equal memberships have equal bytes, in whichever order their members became known", () => {
  const turned = { ...known, members: new Map([...(known.members ?? [])].reverse()) };
  expect(encodeMembership(turned)).toEqual(encodeMembership(known));
});

const long = JSON.stringify("x".repeat(261));
test.each([
  ...["", "{}", "[[],[]]", "[[],[],[],[],[]]", '[["a","a"],[],[]]', "[[1],[],[]]", "[[],[],[],{}]"],
  ...['[[],[],[],[["a","b:1",""]]]', '[[],[],[],[["a",1,"",""]]]', '[[],[],[],[["","","",""]]]'],
  ...['[[],[],[],[["a","","",""],["a","","",""]]]', `[[],[],[],[["a",${long},"",""]]]`],
])("%s is refused", (text) => {
  expect(() => decodeMembership(ascii(text))).toThrow("makes no sense");
});

test("a damaged one is refused by a typed error, or is one that makes sense", () => {
  const bytes = encodeMembership(known);
  const place = fc.nat({ max: bytes.length - 1 });
  fc.assert(
    fc.property(fc.array(fc.tuple(place, fc.nat({ max: 255 })), { maxLength: 4 }), (damages) => {
      const damaged = bytes.slice();
      for (const [at, value] of damages) damaged[at] = value;
      try {
        const membership = decodeMembership(damaged);
        expect(decodeMembership(encodeMembership(membership))).toEqual(membership);
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(EngineError);
      }
    }),
    { numRuns: 3000 },
  );
});
