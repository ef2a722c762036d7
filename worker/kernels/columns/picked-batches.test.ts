// What is picked of many batches is what is picked of them end to end, with short texts and with long ones.

import fc from "fast-check";
import { expect, test } from "vitest";
import { batchRows, makeBatch } from "../../../proto/batch/batch.ts";
import { type Column, textColumn } from "../../../proto/batch/column.ts";
import { arbitraryColumn, cutAt } from "../testing/arbitrary-columns.ts";
import { concatBatches } from "./concat.ts";
import { gatherBatch, keptBytesMin, slice } from "./gather.ts";
import { PickedBatches } from "./picked-batches.ts";

function expectSamePicks(batches: ReturnType<typeof cutAt>, picks: readonly (readonly number[])[]) {
  const wanted = concatBatches(batches);
  const picked = new PickedBatches(batches);
  expect(batchRows(picked.whole)).toEqual(batchRows(wanted));
  const gatherers = picked.whole.columns.map((column) => picked.gatherer(column));
  for (const pick of picks) {
    const rows = Int32Array.from(pick);
    const columns = gatherers.map((gather) => gather(rows));
    expect(batchRows(makeBatch("record", columns))).toEqual(batchRows(gatherBatch(wanted, rows)));
  }
  picked.close();
}

test("rows of any columns in any order", () => {
  const cases = fc.integer({ min: 1, max: 40 }).chain((rows) =>
    fc.record({
      columns: fc.tuple(...["a", "b", "c"].map((name) => arbitraryColumn(name, rows))),
      cuts: fc.array(fc.nat(rows), { maxLength: 3 }),
      picks: fc.array(fc.array(fc.nat(rows - 1), { maxLength: 20 }), { maxLength: 3 }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ columns, cuts, picks }) => {
      const whole = columns.map(({ column }) => column);
      expectSamePicks(cutAt(whole, cuts, slice), picks);
    }),
  );
});

test("long texts, some of them null, in many batches and picks", () => {
  const texts = Array.from({ length: 3000 }, (_, row) => `${row} é `.repeat(row % 641));
  const encoded = texts.map((text) => new TextEncoder().encode(text));
  const bytes = encoded.reduce((sum, { length }) => sum + length, 0);
  expect(bytes).toBeGreaterThan(keptBytesMin);
  const offsets = new Int32Array(texts.length + 1);
  const values = new Uint8Array(bytes);
  for (const [row, text] of encoded.entries()) {
    values.set(text, offsets[row]!);
    offsets[row + 1] = offsets[row]! + text.length;
  }
  const text = textColumn("t", offsets, values);
  const validity = Uint8Array.from({ length: 375 }, (_, at) => (at * 37) & 255);
  const whole: Column[] = [text, { ...text, name: "n", validity }];
  const every = (step: number) => texts.map((_, row) => (row * step) % texts.length).slice(0, 1000);
  expectSamePicks(cutAt(whole, [0, 10, 10, 1500, 2999], slice), [
    every(1),
    every(1999),
    [],
    [2999, 0, 0],
    every(7),
  ]);
});
