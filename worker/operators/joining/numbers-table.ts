// The kept side of a join by keys that are, or together make, whole numbers of 32 bits.

import type { Column } from "../../../proto/batch/column.ts";
import { gather } from "../../kernels/columns/gather.ts";
import {
  DirectRows,
  type RowsByNumber,
  RowsInOrder,
  rowsByNumber,
} from "../../kernels/columns/rows-by-number.ts";
import { KeyPacking, type WholeKeys } from "../../kernels/columns/whole-keys.ts";
import { GroupsTable } from "./groups-table.ts";
import type { JoinTable } from "./join-table.ts";
import { chainedPairs, type Pairs, RowsBuffer, singlePairs } from "./pairs.ts";

export class NumbersTable implements JoinTable {
  readonly order: Int32Array | undefined;
  private readonly packing: KeyPacking;
  private readonly table: RowsByNumber;
  /** Those of the kept rows, in the order of the table. */
  private readonly keys: readonly Column[];
  private readonly rows: number;
  private others: GroupsTable | undefined;
  private readonly firsts = new RowsBuffer();
  private readonly probe = new RowsBuffer();

  private constructor(
    packing: KeyPacking,
    numbers: WholeKeys,
    keys: readonly Column[],
    mayReorder: boolean,
  ) {
    const table = rowsByNumber(numbers);
    this.packing = packing;
    this.rows = numbers.values.length;
    if (mayReorder && table instanceof DirectRows && table.isFull) {
      const order = table.places.map((place) => place - 1);
      this.order = order;
      this.keys = keys.map((key) => gather(key, order));
      this.table = new RowsInOrder(table.min, this.rows);
    } else {
      this.order = undefined;
      this.keys = keys;
      this.table = table;
    }
  }

  /** Undefined where keys are no such numbers. */
  static of(keys: readonly Column[], mayReorder: boolean): NumbersTable | undefined {
    const packed = KeyPacking.of(keys);
    return packed && new NumbersTable(packed.packing, packed.keys, keys, mayReorder);
  }

  get bytes(): number {
    return this.table.bytes + (this.order?.byteLength ?? 0) + (this.others?.bytes ?? 0);
  }

  close(): void {
    this.others?.close();
  }

  /** Decimals, JSON: some may be equal all the same. */
  private get ofOthers(): GroupsTable {
    this.others ??= new GroupsTable(this.keys, this.rows);
    return this.others;
  }

  firstsOf(keys: readonly Column[], rows: number): Int32Array {
    const numbers = this.packing.pack(keys);
    return numbers === undefined
      ? this.ofOthers.firstsOf(keys, rows)
      : this.firstsOfNumbers(numbers, rows).firsts;
  }

  onlyOf(keys: readonly Column[], rows: number): Int32Array | undefined {
    if (this.table.next !== undefined) return undefined;
    const numbers = this.packing.pack(keys);
    return numbers === undefined
      ? this.ofOthers.onlyOf(keys, rows)
      : this.firstsOfNumbers(numbers, rows).firsts;
  }

  private firstsOfNumbers({ values, outside }: WholeKeys, rows: number) {
    const firsts = this.firsts.take(rows);
    let found = this.table.find(values, firsts);
    if (outside === undefined) return { firsts, found };
    found = 0;
    for (let i = 0; i < rows; i++) {
      if (outside[i] === 1) firsts[i] = -1;
      if (firsts[i]! >= 0) found++;
    }
    return { firsts, found };
  }

  pairsOf(keys: readonly Column[], rows: number): Pairs {
    const numbers = this.packing.pack(keys);
    if (numbers === undefined) return this.ofOthers.pairsOf(keys, rows);
    const { firsts, found } = this.firstsOfNumbers(numbers, rows);
    const { next } = this.table;
    return next === undefined ? singlePairs(firsts, found, this.probe) : chainedPairs(firsts, next);
  }
}
