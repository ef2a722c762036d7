// What is known of records in a row: how many, their checksum, and whether they are in order.

import { checksumOf, keyOf, recordBytes } from "./record.ts";

export interface Summary {
  readonly records: number;
  /** The sum of all records' checksums, so that their order does not matter; below 2^52. */
  readonly checksum: number;
  readonly first: string;
  readonly last: string;
  /** The first record whose key is below that of the record before it. */
  readonly misplaced?: string;
}

const checksumEnd = 2 ** 52;

/** Throws for a record of another length. */
function summaryOf(record: string): Summary {
  if (record.length !== recordBytes - 1) {
    const bytes = record.length + 1;
    throw new Error(`a record has ${bytes} bytes, not ${recordBytes}: ${JSON.stringify(record)}`);
  }
  return { records: 1, checksum: checksumOf(record), first: record, last: record };
}

/** The summary of the rows of `a` followed by those of `b`. */
export function followedBy(a: Summary, b: Summary): Summary {
  const isInOrder = keyOf(a.last) <= keyOf(b.first);
  const misplaced = a.misplaced ?? (isInOrder ? b.misplaced : b.first);
  return {
    records: a.records + b.records,
    checksum: (a.checksum + b.checksum) % checksumEnd,
    first: a.first,
    last: b.last,
    ...(misplaced === undefined ? {} : { misplaced }),
  };
}

/** One summary of all records, or none where there are none. */
export function* summarise(records: Iterable<string>): Generator<Summary> {
  let all: Summary | undefined;
  for (const record of records) {
    const one = summaryOf(record);
    all = all === undefined ? one : followedBy(all, one);
  }
  if (all !== undefined) yield all;
}
