// Windows with a limit of their numbers, against windows over all rows.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { Batch } from "../../proto/batch/batch.ts";
import type { Expr, RankLimit, SortExpr, WindowFrame } from "../../proto/plan/expr.ts";
import { int53Type } from "../../proto/plan/types.ts";
import { canonicalText } from "../kernels/canonical-text.ts";
import { slice } from "../kernels/columns/gather.ts";
import { arbitraryColumn, columnOfValues, cutAt } from "../kernels/testing/arbitrary-columns.ts";
import { operatorMemoryOf } from "../memory/memory-for-tests.ts";
import { type RankLimitTuning, rankLimitStage } from "./rank-limit.ts";
import { rowsOfBatches, runStage } from "./testing/run-stage.ts";
import { whereStage } from "./where.ts";
import { windowStage } from "./window.ts";

const column = (name: string): Expr => ({ kind: "column", name });
const frame: WindowFrame = {
  unit: "rows",
  start: { kind: "unbounded" },
  end: { kind: "unbounded" },
};

const tables = fc.integer({ min: 0, max: 40 }).chain((rows) =>
  fc.record({
    partition: arbitraryColumn("p", rows),
    keys: fc.tuple(arbitraryColumn("o", rows), arbitraryColumn("q", rows)),
    place: fc.constant(
      columnOfValues(
        "place",
        "int32",
        Array.from({ length: rows }, (_, row) => row),
      ),
    ),
    cuts: fc.array(fc.nat(), { maxLength: 4 }),
  }),
);
const sortTerms = fc.record({
  direction: fc.constantFrom("asc" as const, "desc" as const),
  nulls: fc.constantFrom("first" as const, "last" as const),
});
const limits = fc.record<RankLimit>({
  function: fc.constantFrom("rowNumber", "rank", "denseRank"),
  rowsMax: fc.integer({ min: 1, max: 4 }),
});
const tunings = fc.record<RankLimitTuning>({
  rowsHeld: fc.nat({ max: 8 }),
  bytesMax: fc.constantFrom(1000, 3000, 2 ** 40),
  givesUp: fc.record({ rows: fc.nat({ max: 30 }), share: fc.constantFrom(0.5, 0.9, 1) }),
});

interface Asked {
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortExpr[];
  readonly limit: RankLimit;
}

/** The rows that the limit wants, with their numbers. */
function wanted(batches: readonly Batch[], { partitionBy, orderBy, limit }: Asked): Batch[] {
  const call = { function: limit.function, args: [], partitionBy, orderBy, frame };
  const most: Expr = { kind: "literal", type: int53Type, text: String(limit.rowsMax) };
  const predicate: Expr = { kind: "call", name: "le", args: [column("n"), most] };
  const numbered = runStage(
    (next) => windowStage([{ name: "n", call }], operatorMemoryOf(), next),
    batches,
  );
  return runStage((next) => whereStage(predicate, next), numbered);
}

const texts = (batches: readonly Batch[]): string[] => rowsOfBatches(batches).map(canonicalText);

test("what tasks drop, each by itself, none of the first rows is missing of", () => {
  let dropped = 0;
  fc.assert(
    fc.property(
      tables,
      fc.tuple(fc.boolean(), fc.array(sortTerms, { maxLength: 2 })),
      limits,
      tunings,
      ({ partition, keys, place, cuts }, [isDivided, terms], limit, tuning) => {
        const columns = [partition.column, ...keys.map((key) => key.column), place];
        const batches = cutAt(columns, cuts, slice);
        const orderBy = terms.map((term, at) => ({ expr: column(at === 0 ? "o" : "q"), ...term }));
        // Without an order there are no ranks.
        const own: RankLimit = orderBy.length === 0 ? { ...limit, function: "rowNumber" } : limit;
        const asked = { partitionBy: isDivided ? [column("p")] : [], orderBy, limit: own };
        const limited = (input: readonly Batch[]): Batch[] => {
          const memory = operatorMemoryOf();
          const found = runStage((next) => rankLimitStage(asked, memory, next, tuning), input);
          expect(memory.bytes).toBe(0);
          return found;
        };
        const middle = batches.length >> 1;
        const tasks = [batches.slice(0, middle), batches.slice(middle)];
        const left = limited(tasks.flatMap(limited));
        dropped += place.length - rowsOfBatches(left).length;
        expect(texts(wanted(left, asked))).toEqual(texts(wanted(batches, asked)));
      },
    ),
    { numRuns: 150 },
  );
  expect(dropped).toBeGreaterThan(200);
});

test("of many rows in order it keeps the first, and of others hardly more", () => {
  const rows = 4096;
  const numbers = (of: (row: number) => number) =>
    Array.from({ length: rows }, (_, row) => of(row));
  const batches = (seed: number) =>
    cutAt(
      [
        columnOfValues(
          "p",
          "int32",
          numbers((row) => row % 8),
        ),
        columnOfValues(
          "o",
          "float64",
          numbers((row) => (row * seed) % rows),
        ),
      ],
      [1000, 2000, 3000],
      slice,
    );
  const orderBy = [{ expr: column("o"), direction: "desc", nulls: "last" }] as const;
  const limit = { function: "rowNumber", rowsMax: 2 } as const;
  const program = { partitionBy: [column("p")], orderBy, limit };
  for (const seed of [1, rows - 1, 2731]) {
    const found = runStage(
      (next) => rankLimitStage(program, operatorMemoryOf(), next),
      batches(seed),
    );
    expect(rowsOfBatches(found).length).toBe(16);
  }
});
