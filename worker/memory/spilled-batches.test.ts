// What comes back from a spill file, and that damage is found.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { batchRows, makeBatch } from "../../proto/batch/batch.ts";
import type { Column } from "../../proto/batch/column.ts";
import { columnType } from "../../proto/batch/column.ts";
import { slice } from "../kernels/columns/gather.ts";
import { arbitraryColumn, cutAt } from "../kernels/testing/arbitrary-columns.ts";
import { batchBytes } from "./batch-bytes.ts";
import { ArraySpillFiles } from "./memory-for-tests.ts";
import { SpilledBatches } from "./spilled-batches.ts";

const codes = (
  values: readonly number[],
  dictionary: Extract<Column, { type: "dictionary" }>["dictionary"],
): Column => ({
  name: "d",
  type: "dictionary",
  length: values.length,
  nulls: "missing",
  validity: undefined,
  codes: Int32Array.from(values),
  dictionary,
});
const dictionary: Extract<Column, { type: "dictionary" }>["dictionary"] = {
  ...{ name: "", type: "utf8", length: 2, nulls: "null", validity: undefined },
  ...{ offsets: Int32Array.of(0, 1, 3), values: Uint8Array.of(97, 98, 99) },
};

describe("batches in a spill file", () => {
  test("come back as they were, in any order, whatever slices they are of", () => {
    const columns = fc
      .nat(40)
      .chain((rows) => fc.tuple(...["a", "b", "c"].map((name) => arbitraryColumn(name, rows))));
    fc.assert(
      fc.property(columns, fc.array(fc.nat(40), { maxLength: 3 }), (random, cuts) => {
        const batches = cutAt(
          random.map(({ column }) => column),
          cuts,
          slice,
        );
        const spilled = new SpilledBatches(new ArraySpillFiles().create());
        const blocks = batches.map((batch) => spilled.write(batch));
        for (const [index, block] of [...blocks.entries()].reverse()) {
          const batch = batches[index]!;
          const found = spilled.read(block);
          expect(batchRows(found)).toEqual(batchRows(batch));
          expect(found.columns.map(columnType)).toEqual(batch.columns.map(columnType));
          const lists = batch.columns.some(({ type }) => type === "list");
          if (!lists) expect(batchBytes(found)).toBe(batchBytes(batch));
        }
      }),
    );
  });

  test("codes keep their dictionary, which is one for all batches", () => {
    const spilled = new SpilledBatches(new ArraySpillFiles().create());
    const blocks = [[0, 1], [1]].map((own) =>
      spilled.write(makeBatch("record", [codes(own, dictionary)])),
    );
    const [first, second] = blocks.map((block) => spilled.read(block).columns[0]);
    expect(first).toEqual(codes([0, 1], dictionary));
    expect(second).toEqual(codes([1], dictionary));
    expect((second as { dictionary?: unknown }).dictionary).toBe(dictionary);
  });

  test("a flipped bit anywhere is found", () => {
    const files = new ArraySpillFiles();
    const file = files.create();
    const damaged = {
      get bytes() {
        return file.bytes;
      },
      append: file.append,
      close: file.close,
      read: (offset: number, into: Uint8Array) => {
        file.read(offset, into);
        into[flipped]! ^= 1;
      },
    };
    let flipped = 0;
    const spilled = new SpilledBatches(damaged);
    const block = spilled.write(makeBatch("record", [codes([0, 1, 1], dictionary)]));
    for (flipped = 0; flipped < block.lengthBytes; flipped++) {
      expect(() => spilled.read(block)).toThrow("checksum");
    }
  });
});
