// Owners of the partitions of one stage: the ring with bounded loads, so that no worker gets far
// too many.

import { hashText } from "./hash.ts";
import { pointAt, type Ring } from "./ring.ts";

/**
 * Most partitions a member may get: its fair share, and a tenth above it where that is a whole
 * number.
 */
export function loadMax(ring: Ring, weight: number, count: number): number {
  const share = count * weight;
  return Math.max(Math.ceil(share / ring.weight), Math.floor((share * 11) / (ring.weight * 10)));
}

/** Owner by partition: clockwise from the partition's place, the first member that is not full. */
export function placePartitions(ring: Ring, key: string, count: number): readonly string[] {
  if (ring.points.length === 0) return [];
  const room = ring.members.map((member) => loadMax(ring, member.weight, count));
  const owners: string[] = [];
  for (let partition = 0; partition < count; partition++) {
    let at = pointAt(ring, hashText(`${key}/${partition}`));
    // Ends: the members' rooms add up to at least `count`.
    while (room[ring.points[at]!.member] === 0) at = (at + 1) % ring.points.length;
    const member = ring.points[at]!.member;
    room[member]!--;
    owners.push(ring.members[member]!.id);
  }
  return owners;
}
