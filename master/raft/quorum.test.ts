// Quorum arithmetic against a twin that tries every subset of voters.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { asMasterId, type MasterId } from "../../proto/ids.ts";
import {
  allVoters,
  hasQuorum,
  majority,
  reachedByQuorum,
  type Voters,
  voteResult,
} from "./quorum.ts";

const names = ["a", "b", "c", "d", "e", "f"].map(asMasterId);
const someVoters = fc.subarray(names, { minLength: 1 });
const voters: fc.Arbitrary<Voters> = fc.record({
  incoming: someVoters,
  outgoing: fc.oneof(fc.constant([]), someVoters),
});

/** By definition: more than half of each electorate that is not empty. */
function isQuorumByCounting(of: Voters, members: readonly MasterId[]): boolean {
  const electorates = [of.incoming, of.outgoing].filter((ids) => ids.length > 0);
  return electorates.every((ids) => {
    const present = ids.filter((id) => members.includes(id)).length;
    return present * 2 > ids.length;
  });
}

function subsets(ids: readonly MasterId[]): readonly MasterId[][] {
  return Array.from({ length: 2 ** ids.length }, (_, bits) =>
    ids.filter((_id, at) => Math.floor(bits / 2 ** at) % 2 === 1),
  );
}

describe("quorums", () => {
  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [9, 5],
  ])("of %i a majority is %i", (count, expected) => {
    expect(majority(count)).toBe(expected);
  });

  test("a set is a quorum exactly when counting says so", () => {
    fc.assert(
      fc.property(voters, fc.subarray(names), (of, members) => {
        const found = hasQuorum(of, (id) => members.includes(id));
        expect(found).toBe(isQuorumByCounting(of, members));
      }),
    );
  });

  test("any two quorums share a voter", () => {
    fc.assert(
      fc.property(voters, (of) => {
        const quorums = subsets(allVoters(of)).filter((some) =>
          hasQuorum(of, (id) => some.includes(id)),
        );
        for (const one of quorums) {
          for (const other of quorums) expect(one.some((id) => other.includes(id))).toBe(true);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("what a quorum has reached is the best that some quorum has in common", () => {
    const values = fc.array(fc.nat(9), { minLength: names.length, maxLength: names.length });
    fc.assert(
      fc.property(voters, values, (of, reached) => {
        const reachedOf = (id: MasterId): number => reached[names.indexOf(id)]!;
        const best = subsets(allVoters(of))
          .filter((some) => some.length > 0 && isQuorumByCounting(of, some))
          .map((some) => Math.min(...some.map(reachedOf)));
        expect(reachedByQuorum(of, reachedOf)).toBe(Math.max(...best));
      }),
    );
  });

  test("an election is decided exactly when the missing votes cannot change it", () => {
    const answers = fc.array(fc.constantFrom(true, false, undefined), {
      minLength: names.length,
      maxLength: names.length,
    });
    fc.assert(
      fc.property(voters, answers, (of, given) => {
        const yes = names.filter((_, at) => given[at] === true);
        const maybe = names.filter((_, at) => given[at] !== false);
        const votes = new Map(
          names.flatMap((id, at) => (given[at] === undefined ? [] : [[id, given[at]] as const])),
        );
        const expected = isQuorumByCounting(of, yes)
          ? "won"
          : isQuorumByCounting(of, maybe)
            ? "pending"
            : "lost";
        expect(voteResult(of, votes)).toBe(expected);
      }),
    );
  });
});
