// One flipped bit in the log of a node, as the file of its storage has it and as its reader judges it.

import { assert } from "../../../proto/errors.ts";
import { walReserveBytes } from "../../../proto/limits/raft.ts";
import type { DurableState } from "../../raft/testing/cluster.ts";
import { encodeBatch, type WalRecord } from "../record.ts";
import { readSegment, segmentPrefix } from "../segment.ts";

/** What the reader finds wrong. Throws where it would find nothing. */
export function rotted(durable: DurableState, bit: number): string {
  const bytes = fileOf(durable);
  const at = bit >>> 3;
  assert(at < bytes.length, `the log has ${bytes.length} bytes, so no bit ${bit}`);
  bytes[at]! ^= 1 << (bit & 7);
  const { damage, goodBytes } = readSegment("the log", bytes, 0);
  assert(damage?.isAcknowledged === true, `nobody would notice that bit ${bit} flipped`);
  return `${damage.what}, at byte ${goodBytes}`;
}

/** Each record in a batch of its own, as each was durable before the next. */
function fileOf({ hardState, entries }: DurableState): Uint8Array {
  const records: readonly WalRecord[] = [
    { type: "hardState", hardState },
    ...entries.map((entry) => ({ type: "entry", entry }) as const),
  ];
  const file = new Uint8Array(walReserveBytes);
  file.set(segmentPrefix);
  let [end, lastChain] = [segmentPrefix.length, 0];
  for (const record of records) {
    const { bytes, chain } = encodeBatch([record], end, lastChain);
    file.set(bytes, end);
    [end, lastChain] = [end + bytes.length, chain];
  }
  return file;
}
