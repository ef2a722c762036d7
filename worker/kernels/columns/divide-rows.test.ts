// Rows of parts against rows picked one part at a time: of few rows without the kernel, of many with it.

import fc from "fast-check";
import { expect, test } from "vitest";
import { type Batch, batchRows, makeBatch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import { arbitraryColumn, cutAt } from "../testing/arbitrary-columns.ts";
import { concatBatches } from "./concat.ts";
import { divideRows } from "./divide-rows.ts";
import { gather, gatherBatch, slice } from "./gather.ts";

const partCount = 5;

function partsOfSize(batches: readonly Batch[], parts: readonly number[]): Int32Array[] {
  let at = 0;
  return batches.map(({ rows }) => {
    const own = Int32Array.from(parts.slice(at, at + rows));
    at += rows;
    return own;
  });
}

function expectDivided(batches: readonly Batch[], parts: readonly number[]): void {
  const whole = concatBatches(batches);
  const found = new Map(divideRows(batches, partsOfSize(batches, parts), partCount));
  for (let part = 0; part < partCount; part++) {
    const rows = parts.flatMap((own, row) => (own === part ? [row] : []));
    const own = found.get(part);
    expect(own === undefined).toBe(rows.length === 0);
    if (own === undefined) continue;
    expect(batchRows(own)).toEqual(batchRows(gatherBatch(whole, Int32Array.from(rows))));
  }
}

const tableOf = (rows: number) =>
  fc
    .tuple(...Array.from({ length: 4 }, (_, at) => arbitraryColumn(`c${at}`, rows)))
    .map((columns) => columns.map(({ column }) => column));

test("parts have their rows in order, whatever the columns", () => {
  const cases = fc.integer({ min: 0, max: 40 }).chain((rows) =>
    fc.record({
      columns: tableOf(rows),
      parts: fc.array(fc.nat({ max: partCount - 1 }), { minLength: rows, maxLength: rows }),
    }),
  );
  fc.assert(
    fc.property(cases, ({ columns, parts }) =>
      expectDivided([makeBatch("record", columns)], parts),
    ),
    { numRuns: 300 },
  );
});

/** Codes into one dictionary, or into one for each piece. */
function coded(length: number, dictionary: Column): Column {
  if (dictionary.type !== "utf8") throw new Error("a dictionary is of texts");
  const codes = Int32Array.from({ length }, (_, row) => (row * 7) % dictionary.length);
  const base = { name: "coded", length, nulls: "null", validity: undefined } as const;
  return { ...base, type: "dictionary", codes, dictionary };
}

test("so have those of many rows, in pieces of any size", () => {
  const cases = fc.record({
    drawn: tableOf(30),
    rows: fc.integer({ min: 512, max: 700 }),
    seed: fc.nat(),
    cuts: fc.array(fc.nat(), { maxLength: 3 }),
    sharesTexts: fc.boolean(),
  });
  const texts = ["x", "", "grün und blau"];
  const dictionary = (): Column => ({
    ...{ name: "t", length: 3, nulls: "null" as const, validity: undefined, type: "utf8" as const },
    offsets: Int32Array.of(0, 1, 1, 15),
    values: new TextEncoder().encode(texts.join("")),
  });
  fc.assert(
    fc.property(cases, ({ drawn, rows, seed, cuts, sharesTexts }) => {
      const picks = Int32Array.from({ length: rows }, (_, row) => (seed + row * row) % 30);
      const columns = drawn.map((column) => gather(column, picks));
      const shared = dictionary();
      const batches = cutAt(columns, cuts, slice).map((batch) =>
        makeBatch("record", [
          ...batch.columns,
          coded(batch.rows, sharesTexts ? shared : dictionary()),
        ]),
      );
      expectDivided(
        batches,
        Array.from(picks, (pick) => (pick * pick) % partCount),
      );
    }),
    { numRuns: 60 },
  );
});

test("texts of any length lie where their part is, and none writes over another", () => {
  const cases = fc.record({
    rows: fc.integer({ min: 512, max: 900 }),
    longest: fc.constantFrom(3, 9, 18, 40, 700),
    seed: fc.nat({ max: 1_000_000 }),
    cuts: fc.array(fc.nat(), { maxLength: 3 }),
  });
  fc.assert(
    fc.property(cases, ({ rows, longest, seed, cuts }) => {
      const lengths = Array.from({ length: rows }, (_, row) => (row * row + seed) % (longest + 1));
      const offsets = new Int32Array(rows + 1);
      for (const [row, length] of lengths.entries()) offsets[row + 1] = offsets[row]! + length;
      // Each byte tells its row, and where in the text it is.
      const values = new Uint8Array(offsets[rows]!);
      for (const [row, length] of lengths.entries()) {
        for (let at = 0; at < length; at++) values[offsets[row]! + at] = (31 * row + 7 * at) & 0x7f;
      }
      const base = { length: rows, nulls: "null", validity: undefined } as const;
      const batches = cutAt(
        [{ ...base, name: "text", type: "utf8", offsets, values }],
        cuts,
        slice,
      );
      expectDivided(
        batches,
        lengths.map((length, row) => (length + row * 3 + seed) % partCount),
      );
    }),
    { numRuns: 20 },
  );
});
