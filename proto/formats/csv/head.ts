// The beginning of a CSV file: its columns' names, and where its records begin.

import { columnValues } from "../../batch/decode-column.ts";
import { EngineError } from "../../errors.ts";
import type { Field } from "../../plan/types.ts";
import { utf8Type } from "../../plan/types.ts";
import { CsvRecordFault, CsvRecords } from "./records.ts";

export interface CsvLayout {
  readonly header: boolean;
  readonly delimiter: string;
  readonly nullText?: string;
}

export interface CsvHead {
  readonly names: readonly string[];
  /** Of the first record, after a byte order mark and the header. */
  readonly firstByte: number;
}

const newlineByte = 10;
const quoteByte = 34;

export function markBytes(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0;
}

/** Index after the first record that is no empty line; -1 where it does not end in the bytes. */
function firstRecordEnd(bytes: Uint8Array, start: number): number {
  let isQuoted = false;
  let isEmpty = true;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quoteByte) isQuoted = !isQuoted;
    if (byte === newlineByte && !isQuoted) {
      if (!isEmpty) return at + 1;
    } else if (byte !== 13) isEmpty = false;
  }
  return -1;
}

const textField = (name: string): Field => ({ name, type: utf8Type, nullable: false });

/** Fields of the one record in the bytes, as texts. */
function fieldsOf(record: Uint8Array, delimiter: string): readonly string[] {
  for (let count = 1; ; ) {
    const names = Array.from({ length: count }, (_, index) => String(index));
    const records = new CsvRecords(names, names.map(textField), { delimiter }, 0);
    try {
      records.push(record, record.length, true);
      const batch = records.finish();
      return batch === undefined
        ? []
        : batch.columns.map((column) => String(columnValues(column)[0]));
    } catch (thrown) {
      const found =
        thrown instanceof CsvRecordFault ? /has (\d+) fields/.exec(thrown.message) : null;
      if (found === null || Number(found[1]) === count) throw thrown;
      count = Number(found[1]);
    }
  }
}

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) {
      throw new EngineError("INPUT_MALFORMED", `its header names the column "${name}" twice`);
    }
    seen.add(name);
  }
}

/** Undefined where the first record does not end within the bytes, which are not the whole file. */
export function csvHead(
  bytes: Uint8Array,
  { header, delimiter }: CsvLayout,
  isWhole: boolean,
): CsvHead | undefined {
  const start = markBytes(bytes);
  const found = firstRecordEnd(bytes, start);
  if (found < 0 && !isWhole) return undefined;
  const end = found < 0 ? bytes.length : found;
  const fields = fieldsOf(bytes.subarray(start, end), delimiter);
  if (!header) return { names: fields.map((_, index) => `c${index}`), firstByte: start };
  checkNames(fields);
  return { names: fields, firstByte: end };
}
