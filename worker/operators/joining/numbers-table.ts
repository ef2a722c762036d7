// The kept side of a join by keys that are, or together make, whole numbers of 32 bits.

import type { Column } from "../../../proto/batch/column.ts";
import { gather } from "../../kernels/columns/gather.ts";
import {
  type Reorder,
  type RowsByNumber,
  rowsByNumber,
} from "../../kernels/columns/rows-by-number.ts";
import { KeyPacking, type WholeKeys } from "../../kernels/columns/whole-keys.ts";
import { GroupsTable } from "./groups-table.ts";
import type { JoinTable } from "./join-table.ts";
import { chainedPairs, type Pairs, RowsBuffer, singlePairs } from "./pairs.ts";

export class NumbersTable implements JoinTable {
  private readonly packing: KeyPacking;
  private readonly table: RowsByNumber;
  /** Those of the kept rows as they came. */
  private readonly keys: readonly Column[];
  private readonly rows: number;
  private others: GroupsTable | undefined;
  private readonly firsts = new RowsBuffer();
  private readonly probe = new RowsBuffer();

  private constructor(
    packing: KeyPacking,
    numbers: WholeKeys,
    keys: readonly Column[],
    reorder: Reorder,
  ) {
    this.packing = packing;
    this.rows = numbers.values.length;
    this.keys = keys;
    this.table = rowsByNumber(numbers, reorder);
  }

  /** Undefined where keys are no such numbers. */
  static of(keys: readonly Column[], reorder: Reorder): NumbersTable | undefined {
    const packed = KeyPacking.of(keys);
    return packed && new NumbersTable(packed.packing, packed.keys, keys, reorder);
  }

  get order(): Int32Array | undefined {
    return this.table.order;
  }

  get bytes(): number {
    return this.table.bytes + (this.others?.bytes ?? 0);
  }

  close(): void {
    this.table.close?.();
    this.others?.close();
  }

  /** Decimals, JSON: some may be equal all the same. */
  private get ofOthers(): GroupsTable {
    const { keys, order, rows } = this;
    const ordered = () => (order === undefined ? keys : keys.map((key) => gather(key, order)));
    this.others ??= new GroupsTable(ordered(), rows);
    return this.others;
  }

  firstsOf(keys: readonly Column[], rows: number): Int32Array {
    const numbers = this.packing.pack(keys);
    return numbers === undefined
      ? this.ofOthers.firstsOf(keys, rows)
      : this.firstsOfNumbers(numbers, rows).firsts;
  }

  onlyOf(keys: readonly Column[], rows: number): Int32Array | undefined {
    if (!this.table.isUnique) return undefined;
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
    const { table, probe } = this;
    const pairs = table.isUnique ? undefined : table.pairsOf?.(numbers);
    if (pairs !== undefined) return pairs;
    const { firsts, found } = this.firstsOfNumbers(numbers, rows);
    const { next } = table;
    return next === undefined ? singlePairs(firsts, found, probe) : chainedPairs(firsts, next);
  }
}
