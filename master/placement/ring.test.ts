// The ring against a dumb twin, its balance, and what moves when workers come and go.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ringPointsPerWeight } from "../../proto/limits.ts";
import { hashText } from "./hash.ts";
import { loadMax, placePartitions } from "./owners.ts";
import { buildRing, ownerOf, type RingMember } from "./ring.ts";

function members(count: number, weight = (_: number) => 1): RingMember[] {
  return Array.from({ length: count }, (_, i) => ({ id: `worker-${i}`, weight: weight(i) }));
}

/** No sorting, no search: the nearest point clockwise among all of them. */
function dumbOwner(all: readonly RingMember[], key: string): string | undefined {
  const from = hashText(key);
  let best: { distance: number; id: string } | undefined;
  for (const member of all) {
    for (let i = 0; i < member.weight * ringPointsPerWeight; i++) {
      const distance = (hashText(`${member.id}#${i}`) - from + 2 ** 32) % 2 ** 32;
      const nearer = best === undefined || distance < best.distance;
      if (nearer || (distance === best?.distance && member.id < best.id)) {
        best = { distance, id: member.id };
      }
    }
  }
  return best?.id;
}

function tally(owners: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const owner of owners) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  return counts;
}

const anyMembers = fc.uniqueArray(
  fc.record({
    id: fc.string({ minLength: 1, maxLength: 8 }),
    weight: fc.integer({ min: 1, max: 3 }),
  }),
  { selector: (member) => member.id, maxLength: 6 },
);

describe("ring", () => {
  test("finds the owner a dumb twin finds, whatever the order of the members", () => {
    fc.assert(
      fc.property(anyMembers, fc.array(fc.string(), { maxLength: 8 }), (all, keys) => {
        const ring = buildRing(all);
        const reversed = buildRing([...all].reverse());
        for (const key of keys) {
          expect(ownerOf(ring, key)).toBe(dumbOwner(all, key));
          expect(ownerOf(reversed, key)).toBe(ownerOf(ring, key));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a joining worker takes keys, and no key moves between the others", () => {
    for (const size of [1, 2, 5, 12]) {
      const before = buildRing(members(size));
      const after = buildRing(members(size + 1));
      const joined = `worker-${size}`;
      let moved = 0;
      for (let i = 0; i < 4000; i++) {
        const was = ownerOf(before, `key-${i}`);
        const is = ownerOf(after, `key-${i}`);
        if (was !== is) {
          expect(is).toBe(joined);
          moved++;
        }
      }
      expect(moved).toBeGreaterThan((4000 / (size + 1)) * 0.6);
      expect(moved).toBeLessThan((4000 / (size + 1)) * 1.4);
    }
  });

  test("an empty ring owns nothing", () => {
    expect(ownerOf(buildRing([]), "x")).toBeUndefined();
    expect(placePartitions(buildRing([]), "x", 3)).toEqual([]);
  });

  test("a worker cannot be on the ring twice", () => {
    expect(() => buildRing([...members(1), ...members(1)])).toThrow("twice");
  });
});

describe("owners", () => {
  test("loads stay within 15 % above the weighted share", () => {
    for (const size of [2, 3, 7, 16]) {
      const all = members(size, (i) => 1 + (i % 3));
      const ring = buildRing(all);
      const count = 4096;
      const counts = tally(placePartitions(ring, "job/a0/s1", count));
      for (const member of all) {
        const share = (count * member.weight) / ring.weight;
        expect(counts.get(member.id)!).toBeLessThanOrEqual(share * 1.15);
        expect(counts.get(member.id)!).toBeGreaterThanOrEqual(share * 0.6);
      }
    }
  });

  test("few partitions are spread evenly", () => {
    for (const [size, count] of [
      [2, 4],
      [3, 8],
      [4, 4],
      [5, 2],
    ] as const) {
      const counts = tally(placePartitions(buildRing(members(size)), "shuffle", count));
      expect(Math.max(...counts.values())).toBe(Math.ceil(count / size));
    }
  });

  test("every partition has an owner and no owner is over its bound", () => {
    fc.assert(
      fc.property(anyMembers, fc.integer({ min: 0, max: 300 }), fc.string(), (all, count, key) => {
        const ring = buildRing(all);
        const owners = placePartitions(ring, key, count);
        expect(owners.length).toBe(all.length === 0 ? 0 : count);
        const counts = tally(owners);
        for (const member of all) {
          expect(counts.get(member.id) ?? 0).toBeLessThanOrEqual(
            loadMax(ring, member.weight, count),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  test("a leaving worker moves little more than its share", () => {
    for (const size of [3, 6, 12]) {
      const before = placePartitions(buildRing(members(size)), "k", 3000);
      const after = placePartitions(buildRing(members(size - 1)), "k", 3000);
      const moved = before.filter((owner, i) => owner !== after[i]).length;
      expect(moved).toBeLessThan((3000 / size) * 2);
    }
  });
});
