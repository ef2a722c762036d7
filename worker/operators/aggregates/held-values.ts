// Values of any type that aggregates keep for their groups: columns, thinned out when most is stale.

import type { Column } from "../../../proto/batch/column.ts";
import { concat } from "../../kernels/columns/concat.ts";
import { gather, gatherOrNull } from "../../kernels/columns/gather.ts";
import { columnBytes } from "../../memory/batch-bytes.ts";
import { grownInts } from "./accumulator.ts";

/** For each group the place of its value among all that were kept; -1 for none. */
export class HeldValues {
  private parts: Column[] = [];
  private rows = 0;
  private places = new Int32Array(0);
  private size = 0;

  reserve(groups: number): void {
    const before = this.places.length;
    this.places = grownInts(this.places, groups) as Int32Array<ArrayBuffer>;
    if (this.places.length > before) this.places.fill(-1, before);
    this.size = groups;
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.places.byteLength + this.parts.reduce((sum, part) => sum + columnBytes(part), 0);
  }

  has(group: number): boolean {
    return this.places[group]! >= 0;
  }

  /** The value of each of these groups, null for none. */
  valuesOf(groups: Int32Array): Column {
    this.compact();
    const places = groups.map((group) => this.places[group]!);
    return gatherOrNull(this.whole(), places);
  }

  private whole(): Column {
    const whole = concat("", this.parts);
    this.parts = [whole];
    return whole;
  }

  /** Row `rows[i]` of the column is from now on the value of group `groups[i]`; each group once. */
  set(column: Column, rows: Int32Array, groups: Int32Array): void {
    if (rows.length === 0) return;
    this.parts.push(gather(column, rows));
    for (let i = 0; i < groups.length; i++) this.places[groups[i]!] = this.rows + i;
    this.rows += rows.length;
    if (this.rows > 4 * this.size + 65_536) this.compact();
  }

  private compact(): void {
    if (this.parts.length < 2 && this.rows <= this.size) return;
    const kept = new Int32Array(this.size);
    let count = 0;
    for (let group = 0; group < this.size; group++) {
      const place = this.places[group]!;
      if (place < 0) continue;
      kept[count] = place;
      this.places[group] = count++;
    }
    this.parts = [gather(this.whole(), kept.subarray(0, count))];
    this.rows = count;
  }

  column(groups: number): Column {
    return gatherOrNull(this.whole(), this.places.slice(0, groups));
  }

  /** 1 for each group that has a value, which may be null. */
  present(groups: number): Uint8Array {
    return Uint8Array.from(this.places.subarray(0, groups), (place) => (place < 0 ? 0 : 1));
  }
}
