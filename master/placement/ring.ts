// The consistent hash ring: which worker a key belongs to, so that a change of workers moves only
// its share.

import { assert } from "../../proto/errors.ts";
import { ringPointsPerWeight } from "../../proto/limits.ts";
import { hashText } from "./hash.ts";

export interface RingMember {
  readonly id: string;
  /** Relative share; an integer from 1. */
  readonly weight: number;
}

interface RingPoint {
  readonly position: number;
  /** Index in `Ring.members`. */
  readonly member: number;
}

export interface Ring {
  /** Sorted by id. */
  readonly members: readonly RingMember[];
  /** Sorted by position, ties by member. */
  readonly points: readonly RingPoint[];
  readonly weight: number;
}

/** The same members in any order give the same ring. */
export function buildRing(members: readonly RingMember[]): Ring {
  const sorted = [...members].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const points: RingPoint[] = [];
  let weight = 0;
  sorted.forEach((member, index) => {
    assert(member.weight >= 1, `worker ${member.id} has ring weight ${member.weight}`);
    assert(sorted[index - 1]?.id !== member.id, `worker ${member.id} is twice on the ring`);
    weight += member.weight;
    for (let i = 0; i < member.weight * ringPointsPerWeight; i++) {
      points.push({ position: hashText(`${member.id}#${i}`), member: index });
    }
  });
  points.sort((a, b) => a.position - b.position || a.member - b.member);
  return { members: sorted, points, weight };
}

/** Index of the first point at or after the position, going round at the end. */
export function pointAt(ring: Ring, position: number): number {
  let low = 0;
  let high = ring.points.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ring.points[middle]!.position < position) low = middle + 1;
    else high = middle;
  }
  return low === ring.points.length ? 0 : low;
}

/** The member that owns a key; undefined on an empty ring. */
export function ownerOf(ring: Ring, key: string): string | undefined {
  const point = ring.points[pointAt(ring, hashText(key))];
  return point === undefined ? undefined : ring.members[point.member]!.id;
}
