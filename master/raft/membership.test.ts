// Membership and majorities against twins that count bits, on many random inputs.
import { describe, expect, test } from "vitest";
import { assert } from "../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../proto/ids.ts";
import { type RandomStream, randomStream } from "../../proto/ports/random.ts";
import {
  allMembers,
  changedMembership,
  entered,
  isJoint,
  isSameMembership,
  left,
  type Membership,
  type MembershipChange,
  membershipOf,
  votersOf,
} from "./membership.ts";
import { allVoters, hasQuorum, reachedByQuorum, voteResult } from "./quorum.ts";

const names = ["a", "b", "c", "d", "e", "f", "g"].map(asMasterId);
const runs = 50_000;

const idsOf = (bits: number): MasterId[] => names.filter((_, at) => (bits >> at) & 1);
const bitsOf = (ids: readonly MasterId[]): number =>
  ids.reduce((bits, id) => bits | (1 << names.indexOf(id)), 0);

function countOf(bits: number): number {
  let count = 0;
  for (let rest = bits; rest > 0; rest &= rest - 1) count++;
  return count;
}

const isMajority = (of: number, members: number): boolean =>
  countOf(of & members) * 2 > countOf(of);
const isQuorum = (incoming: number, outgoing: number, members: number): boolean =>
  isMajority(incoming, members) && (outgoing === 0 || isMajority(outgoing, members));

/** The change as bits: [voters, learners], or undefined where it must be refused. */
function twin(voters: number, learners: number, change: MembershipChange): number[] | undefined {
  const bit = (id: MasterId): number => 1 << names.indexOf(id);
  const refusesEmpty = (next: number, learning: number): number[] | undefined =>
    next === 0 ? undefined : [next, learning & ~next];
  switch (change.kind) {
    case "addLearner":
      return [voters, (learners | bit(change.id)) & ~voters];
    case "addVoter":
      return refusesEmpty(voters | bit(change.id), learners);
    case "demote":
      if ((voters & bit(change.id)) === 0) return undefined;
      return refusesEmpty(voters & ~bit(change.id), learners | bit(change.id));
    case "rekey":
      return (learners & bit(change.id)) === 0 ? undefined : [voters, learners];
    case "recordKeys":
      return [voters, learners];
    case "remove":
      return refusesEmpty(voters & ~bit(change.id), learners & ~bit(change.id));
    case "replace":
      if ((voters & bit(change.added)) === 0 && ((voters | learners) & bit(change.removed)) === 0) {
        return undefined;
      }
      return refusesEmpty(
        (voters & ~bit(change.removed)) | bit(change.added),
        learners & ~bit(change.removed),
      );
  }
}

const pickKind = (random: RandomStream) =>
  (["addLearner", "addVoter", "demote", "rekey", "remove", "replace"] as const)[random.below(6)]!;

function tryChange(before: Membership, change: MembershipChange): Membership | undefined {
  try {
    return changedMembership(before, change);
  } catch {
    return undefined;
  }
}

describe("membership", () => {
  test("majorities of one or two electorates are what counting bits says", () => {
    const random = randomStream(11);
    for (let run = 0; run < runs; run++) {
      const [incoming, outgoing] = [1 + random.below(127), random.below(128)];
      const [yes, known] = [random.below(128), random.below(128)];
      const voters = { incoming: idsOf(incoming), outgoing: idsOf(outgoing) };
      const isHeld = hasQuorum(voters, (id) => idsOf(yes).includes(id));
      assert(isHeld === isQuorum(incoming, outgoing, yes), `quorum ${incoming} ${outgoing} ${yes}`);
      const votes = new Map(idsOf(known).map((id) => [id, (bitsOf([id]) & yes) !== 0] as const));
      const isWon = isQuorum(incoming, outgoing, yes & known);
      const isOpen = isQuorum(incoming, outgoing, yes | (127 & ~known));
      const expected = isWon ? "won" : isOpen ? "pending" : "lost";
      assert(
        voteResult(voters, votes) === expected,
        `vote ${incoming} ${outgoing} ${yes} ${known}`,
      );
    }
  });

  test("what a quorum reached is the highest value that a quorum has", () => {
    const random = randomStream(12);
    for (let run = 0; run < runs; run++) {
      const [incoming, outgoing] = [1 + random.below(127), random.below(128)];
      const values = names.map(() => random.below(6));
      const reachedOf = (id: MasterId): number => values[names.indexOf(id)]!;
      let best = 5;
      const atLeast = (value: number): number =>
        bitsOf(names.filter((id) => reachedOf(id) >= value));
      while (best > 0 && !isQuorum(incoming, outgoing, atLeast(best))) best--;
      const voters = { incoming: idsOf(incoming), outgoing: idsOf(outgoing) };
      assert(
        reachedByQuorum(voters, reachedOf) === best,
        `reached ${incoming} ${outgoing} ${values}`,
      );
    }
  });

  test("changes are what sets of bits say, and every joint state shares quorums with both", () => {
    const random = randomStream(13);
    let refused = 0;
    for (let run = 0; run < runs; run++) {
      const voters = 1 + random.below(127);
      const learners = random.below(128) & ~voters;
      const before = { voters: idsOf(voters), votersOutgoing: [], learners: idsOf(learners) };
      const [id, added] = [names[random.below(7)]!, names[random.below(7)]!];
      const kind = pickKind(random);
      const change: MembershipChange =
        kind === "replace" ? { kind, removed: id, added } : { kind, id, key: "new" };
      const after = tryChange(before, change);
      const expected = twin(voters, learners, change);
      const found = after && [bitsOf(after.voters), bitsOf(after.learners)];
      assert(String(found) === String(expected), `${kind} ${id} ${voters} ${learners}: ${found}`);
      if (after === undefined) {
        refused++;
        continue;
      }
      checkSteps(before, after, random.below(128));
    }
    expect(refused).toBeGreaterThan(1000);
  });

  test("the last voter stays, and there are at most nine masters", () => {
    const one: Membership = { voters: [names[0]!], votersOutgoing: [], learners: [] };
    expect(() => changedMembership(one, { kind: "remove", id: names[0]! })).toThrow(
      "add another voter first",
    );
    const ids = Array.from({ length: 9 }, (_, at) => asMasterId(`m${at}`));
    const full: Membership = { voters: ids, votersOutgoing: [], learners: [] };
    expect(() => changedMembership(full, { kind: "addLearner", id: names[0]! })).toThrow(
      "at most 9 masters",
    );
  });

  test("what is known of a member comes with it, stays while it votes, and goes with it", () => {
    const [a, b] = [names[0]!, names[1]!];
    const recordOf = (at: string) => ({ address: `${at}:1`, key: at, replaces: "" });
    const before = membershipOf({ incoming: [a], outgoing: [] }, new Map([[a, recordOf("a")]]));
    const learning = changedMembership(before, {
      kind: "addLearner",
      id: b,
      record: recordOf("b"),
    });
    expect([...(learning.members?.keys() ?? [])]).toEqual([a, b]);
    // Another one under the same id does not take its place.
    const again = { kind: "addLearner", id: b, record: recordOf("c") } as const;
    expect(changedMembership(learning, again)).toEqual(learning);
    const replaced = changedMembership(learning, { kind: "replace", removed: a, added: b });
    const joint = entered(learning, replaced);
    expect([...(joint.members?.keys() ?? [])]).toEqual([a, b]);
    expect(left(joint).members).toEqual(new Map([[b, recordOf("b")]]));
  });
});

/** Through the joint state: quorums of it are quorums of both ends, and its end is the target. */
function checkSteps(before: Membership, after: Membership, members: number): void {
  const middle = entered(before, after);
  const isVoterChange = bitsOf(before.voters) !== bitsOf(after.voters);
  assert(isJoint(middle) === isVoterChange, "exactly a change of voters needs a joint state");
  assert(isSameMembership(left(middle), after), "the joint state ends where the change leads");
  const everyone = bitsOf(before.voters) | bitsOf(after.voters);
  assert(bitsOf(allVoters(votersOf(middle))) === everyone, "old and new voters vote");
  const all = everyone | bitsOf(after.learners);
  assert(bitsOf(allMembers(middle)) === all, "voters and learners get the log");
  if (!hasQuorum(votersOf(middle), (id) => idsOf(members).includes(id))) return;
  assert(isMajority(bitsOf(before.voters), members), "a joint quorum is one of the old voters");
  assert(isMajority(bitsOf(after.voters), members), "a joint quorum is one of the new voters");
}
