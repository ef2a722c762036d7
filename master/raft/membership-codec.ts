// A membership as bytes: what an entry of the log, a snapshot and a peer's message carry.

import { EngineError } from "../../proto/errors.ts";
import { asMasterId, type MasterId } from "../../proto/ids.ts";
import { mastersMax, memberTextCharsMax } from "../../proto/limits/raft.ts";
import type { MemberRecord, Members, Membership } from "./membership.ts";

/** As the data of an entry: ASCII, the same bytes for the same membership. */
export function encodeMembership(membership: Membership): Uint8Array {
  const { voters, votersOutgoing, learners, members } = membership;
  const lists: unknown[] = [voters, votersOutgoing, learners];
  // Left out where nothing is known, as in the first format.
  if (members !== undefined) lists.push(encodeMembers(members));
  const text = JSON.stringify(lists).replace(
    /[^ -~]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

function encodeMembers(members: Members): readonly (readonly string[])[] {
  const sorted = [...members].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.map(([id, { address, key, replaces }]) => [id, address, key, replaces]);
}

/** Throws MESSAGE_INVALID for bytes that no correct master would have written. */
export function decodeMembership(bytes: Uint8Array): Membership {
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  const parsed = parse(text);
  const lists = Array.isArray(parsed) && parsed.length <= 4 ? parsed : [];
  const [voters, votersOutgoing, learners] = lists.slice(0, 3).map(idsOf);
  const members = lists.length === 4 ? membersOf(lists[3]) : undefined;
  const lacksMembers = lists.length === 4 && members === undefined;
  if (!voters || !votersOutgoing || !learners || lacksMembers) {
    throw new EngineError(
      "MESSAGE_INVALID",
      `a membership of ${bytes.length} bytes makes no sense; check that all masters run the same ` +
        "version",
    );
  }
  return { voters, votersOutgoing, learners, members };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Undefined for anything but a list of different names. */
function idsOf(value: unknown): readonly MasterId[] | undefined {
  if (!Array.isArray(value) || value.length > 2 * mastersMax) return undefined;
  const ids: MasterId[] = [];
  for (const id of value) {
    if (typeof id !== "string" || id === "" || ids.includes(asMasterId(id))) return undefined;
    ids.push(asMasterId(id));
  }
  return ids;
}

/** Undefined for anything but records of different names. */
function membersOf(value: unknown): Members | undefined {
  if (!Array.isArray(value) || value.length > 2 * mastersMax) return undefined;
  const members = new Map<MasterId, MemberRecord>();
  for (const item of value) {
    if (!Array.isArray(item) || item.length !== 4 || !item.every(isMemberText)) return undefined;
    const [id, address, key, replaces] = item as [string, string, string, string];
    if (id === "" || members.has(asMasterId(id))) return undefined;
    members.set(asMasterId(id), { address, key, replaces });
  }
  return members;
}

function isMemberText(value: unknown): boolean {
  return typeof value === "string" && value.length <= memberTextCharsMax;
}
