// An expression bound to the types of its columns, and the rows that it runs over.

import type { DataType } from "../../../proto/plan/types.ts";
import type { Formula } from "./fuse.ts";
import { takeRows } from "./take.ts";
import type { Vector } from "./vector.ts";

export interface Bound {
  readonly type: DataType;
  /** Whether a value can make it throw: then it runs only for the rows that ask for it. */
  readonly canFail: boolean;
  /** The same as a part of one loop, where it can be. */
  readonly formula?: Formula | undefined;
  run(rows: Rows): Vector;
}

/** Some rows of a batch. Columns are gathered when they are first asked for. */
export class Rows {
  readonly count: number;
  private readonly load: (name: string) => Vector;
  private readonly loaded = new Map<string, Vector>();

  constructor(count: number, load: (name: string) => Vector) {
    this.count = count;
    this.load = load;
  }

  column(name: string): Vector {
    let vector = this.loaded.get(name);
    if (vector === undefined) {
      vector = this.load(name);
      this.loaded.set(name, vector);
    }
    return vector;
  }

  /** `indices` rise. */
  select(indices: Int32Array): Rows {
    if (indices.length === this.count) return this;
    return new Rows(indices.length, (name) => takeRows(this.column(name), indices));
  }
}
