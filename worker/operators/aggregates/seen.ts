// Which groups of an aggregate had a value: without one its answer is null.

import { giveBack } from "../../kernels/columns/table-rooms.ts";
import { grownBytes, validWhere } from "./accumulator.ts";

/** Which groups had a value: all, without a note for each, as long as no row was left out. */
export class Seen {
  /** The first so many groups had one. */
  private whole = 0;
  private has = new Uint8Array(0);
  private size = 0;

  get bytes(): number {
    return this.has.byteLength;
  }

  reserve(groups: number): void {
    this.size = groups;
  }

  /** Every group that there is room for. */
  addAll(): void {
    this.whole = this.size;
  }

  add(groups: Int32Array, isWhole = false): void {
    if (isWhole && groups.length > 0) return this.addAll();
    const has = grownBytes(this.has, this.size);
    this.has = has as Uint8Array<ArrayBuffer>;
    for (let i = 0; i < groups.length; i++) has[groups[i]!] = 1;
  }

  validity(groups: number): Uint8Array | undefined {
    if (this.whole >= groups) return undefined;
    const has = grownBytes(this.has, groups);
    this.has = has as Uint8Array<ArrayBuffer>;
    has.fill(1, 0, this.whole);
    return validWhere(has, groups);
  }

  close(): void {
    giveBack(this.has);
  }
}
