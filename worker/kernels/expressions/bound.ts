// An expression bound to the types of its columns, and the rows that it runs over.

import type { DataType } from "../../../proto/plan/types.ts";
import type { ExactFormula } from "./exact-formulas.ts";
import type { Formula } from "./fuse.ts";
import { takeRows } from "./take.ts";
import type { Vector } from "./vector.ts";

export interface Bound {
  readonly type: DataType;
  /** Whether a value can make it throw: then it runs only for the rows that ask for it. */
  readonly canFail: boolean;
  /** The same as a part of one loop, where it can be. */
  readonly formula?: Formula | undefined;
  /** The same as a part of a loop over whole numbers or digits, where it can be. */
  readonly exact?: ExactFormula | undefined;
  run(rows: Rows): Vector;
}

/** What expressions over the same rows share: columns in the forms of loops, and what functions made of them. */
export class SharedVectors {
  readonly columns = new Map<string, Vector>();
  /** By the JSON of the call, which tells also literals of different types apart. */
  readonly made = new Map<string, Vector>();
}

/** Where rows have their columns from. A class, not a function for each batch, which the engine would optimise again. */
export interface ColumnVectors {
  vector(name: string): Vector;
}

/** Some rows of a batch. Columns are gathered when they are first asked for. */
export class Rows {
  readonly count: number;
  private readonly columns: ColumnVectors;
  private readonly shared: SharedVectors;

  constructor(count: number, columns: ColumnVectors, shared = new SharedVectors()) {
    this.count = count;
    this.columns = columns;
    this.shared = shared;
  }

  column(name: string): Vector {
    const { columns } = this.shared;
    let vector = columns.get(name);
    if (vector === undefined) {
      vector = this.columns.vector(name);
      columns.set(name, vector);
    }
    return vector;
  }

  /** What `make` answers, made once for equal calls. */
  made(call: string, make: () => Vector): Vector {
    const { made } = this.shared;
    let vector = made.get(call);
    if (vector === undefined) {
      vector = make();
      made.set(call, vector);
    }
    return vector;
  }

  /** `indices` rise. */
  select(indices: Int32Array): Rows {
    if (indices.length === this.count) return this;
    return new Rows(indices.length, new SelectedVectors(this, indices));
  }
}

class SelectedVectors implements ColumnVectors {
  private readonly rows: Rows;
  private readonly indices: Int32Array;

  constructor(rows: Rows, indices: Int32Array) {
    this.rows = rows;
    this.indices = indices;
  }

  vector(name: string): Vector {
    return takeRows(this.rows.column(name), this.indices);
  }
}
