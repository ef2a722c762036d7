// Leaves out rows while they are read. A condition on one column is asked about each value of its dictionary once, and
// rows are then known by their codes; columns of which no row is left are not unpacked.

import type { Column } from "../../batch/column.ts";
import { listPlaces } from "../../kernels/dictionary-codes.ts";
import { testedRowsMin, testKeptShareMax } from "../../limits/formats.ts";
import type { Field } from "../../plan/types.ts";
import {
  assembleColumn,
  columnOfDense,
  columnOfUnpacked,
  type EntriesOf,
  type ReadPlan,
} from "./assemble.ts";
import type { ColumnArrays } from "./column-rooms.ts";
import { type Dense, denseLength } from "./dense.ts";
import { lookUp } from "./look-up.ts";

/** What must be true of the values of one column. */
export interface ColumnTest {
  readonly field: Field;
  /** For each slot 1 where it is true, else 0. */
  run(column: Column): Uint8Array;
  /** Set where rows for which it is not true may stay: it is asked no longer once it leaves out few of them. */
  readonly mayStop?: true;
}

export interface RowFilter {
  /** All of them must hold. */
  readonly tests: readonly ColumnTest[];
  /** The column's rows at rising indices. */
  gather(column: Column, rows: Int32Array): Column;
  /** Told of rows that are left out, before the batch that they would have been in. */
  leaveOut(rows: number): void;
}

type Coded = Extract<Dense, { kind: "codes" | "coded" }>;

/** Values by code, if the column has no nulls: these have no codes. */
function codedEntries(plan: ReadPlan, entriesOf: EntriesOf): Coded | undefined {
  if (plan.kind !== "leaf") return undefined;
  const { definitions, values } = entriesOf(plan.node);
  if (definitions !== undefined) return undefined;
  return values.kind === "codes" || values.kind === "coded" ? values : undefined;
}

function dictionaryColumn(field: Field, coded: Coded): Column {
  if (coded.kind === "codes") return { ...coded.dictionary, name: field.name };
  const slots = denseLength(coded.dictionary);
  return columnOfDense(field, coded.dictionary, { slots, validity: undefined });
}

/** Rows that are still wanted: a byte each. */
function keepWhere(wanted: Uint8Array, truths: Uint8Array): void {
  for (let i = 0; i < wanted.length; i++) wanted[i] = wanted[i]! & truths[i]!;
}

/** Indices of the bytes that are 1; undefined where all are. */
function listed(wanted: Uint8Array): Int32Array | undefined {
  return wanted.indexOf(0) < 0 ? undefined : listPlaces(wanted);
}

/** How many are 1, of bytes that are 0 or 1: four of them at once, in a sum for each place that a byte holds. */
export function countOf(wanted: Uint8Array): number {
  let count = 0;
  let done = 0;
  if (wanted.byteOffset % 4 === 0) {
    const words = new Int32Array(wanted.buffer, wanted.byteOffset, wanted.length >> 2);
    for (let from = 0; from < words.length; from += 255) {
      const end = Math.min(from + 255, words.length);
      let sums = 0;
      for (let i = from; i < end; i++) sums = (sums + words[i]!) | 0;
      count += (sums & 255) + ((sums >>> 8) & 255) + ((sums >>> 16) & 255) + (sums >>> 24);
    }
    done = 4 * words.length;
  }
  for (let i = done; i < wanted.length; i++) count += wanted[i]!;
  return count;
}

/** One test with the truths of the dictionaries that it has met. */
export class PlannedTest {
  readonly plan: ReadPlan;
  private readonly test: ColumnTest;
  private readonly known = new WeakMap<object, Uint8Array>();
  private isStopped = false;

  constructor(test: ColumnTest, plan: ReadPlan) {
    this.test = test;
    this.plan = plan;
  }

  private truthsOf(coded: Coded): Uint8Array {
    let truths = this.known.get(coded.dictionary);
    if (truths === undefined) {
      truths = this.test.run(dictionaryColumn(this.test.field, coded));
      this.known.set(coded.dictionary, truths);
    }
    return truths;
  }

  /** Whether there is anything to ask. */
  get isAsked(): boolean {
    return !this.isStopped;
  }

  /** Clears the byte of each row for which the test does not hold. */
  apply(wanted: Uint8Array, entriesOf: EntriesOf): void {
    if (this.test.mayStop !== true) return this.clear(wanted, entriesOf);
    const before = countOf(wanted);
    this.clear(wanted, entriesOf);
    // By the rows alone, so that each attempt of a task reads alike.
    const isKnown = before >= testedRowsMin;
    this.isStopped = isKnown && countOf(wanted) > before * testKeptShareMax;
  }

  private clear(wanted: Uint8Array, entriesOf: EntriesOf): void {
    const coded = codedEntries(this.plan, entriesOf);
    if (coded !== undefined) coded.codes.test(this.truthsOf(coded), wanted);
    else keepWhere(wanted, this.test.run(assembleColumn(this.plan, entriesOf, wanted.length)));
  }
}

/** The rows for which all tests hold; undefined for all rows. `read` brings the entries of a plan. */
export async function selectRows(
  tests: readonly PlannedTest[],
  rows: number,
  read: (plan: ReadPlan) => Promise<void>,
  entriesOf: EntriesOf,
): Promise<Int32Array | undefined> {
  const asked = tests.filter(({ isAsked }) => isAsked);
  if (asked.length === 0) return undefined;
  const wanted = new Uint8Array(rows).fill(1);
  for (const test of asked) {
    await read(test.plan);
    test.apply(wanted, entriesOf);
    if (wanted.indexOf(1) < 0) break;
  }
  return listed(wanted);
}

/** Some rows of a column, of which values in a dictionary are looked up for those alone. */
export function selectedColumn(
  plan: ReadPlan,
  entriesOf: EntriesOf,
  rows: number,
  wanted: Int32Array,
  { gather }: Pick<RowFilter, "gather">,
  arrays?: ColumnArrays,
): Column {
  const coded = codedEntries(plan, entriesOf);
  if (plan.kind !== "leaf" || coded === undefined) {
    return gather(assembleColumn(plan, entriesOf, rows), wanted);
  }
  const slots = { slots: wanted.length, validity: undefined };
  const unpacked =
    coded.kind === "codes"
      ? { ...coded, codes: coded.codes.read(wanted, arrays) }
      : lookUp(coded.dictionary, coded.codes, wanted, arrays);
  return columnOfUnpacked(plan.field, unpacked, slots);
}
