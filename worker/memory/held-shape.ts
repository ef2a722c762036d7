// What all batches of a step have in common: the columns that they have once they are one batch.

import type { Batch, BatchShape } from "../../proto/batch/batch.ts";
import { type Column, columnType, type TextColumn } from "../../proto/batch/column.ts";
import { EngineError } from "../../proto/errors.ts";
import { type DataType, sameType } from "../../proto/plan/types.ts";
import { allSet } from "../kernels/columns/bits.ts";
import { columnOf } from "../kernels/columns/concat.ts";
import { nullColumn } from "../kernels/columns/gather.ts";
import { plainText, widen, widerType } from "../kernels/columns/widen.ts";

interface ColumnShape {
  type: DataType;
  hasValidity: boolean;
  /** Whether an invalid slot always stood for a missing key; undefined before the first. */
  isMissing: boolean | undefined;
  /** The one of all batches; undefined where there are several, or texts without one. */
  dictionary: TextColumn | undefined;
}

/**
 * Follows the batches that come, so that rows which went through a file come out as the same columns as those that
 * stayed: of the type that holds the values of all, as `concatBatches` makes them.
 */
export class HeldShape {
  private shape: BatchShape | undefined;
  private readonly columns = new Map<string, ColumnShape>();
  private rows = 0;

  /** Answers whether a column changed its type by it. */
  add(batch: Batch): boolean {
    this.shape ??= batch.shape;
    if (batch.shape !== this.shape) {
      throw new EngineError(
        "VALUE_UNSUPPORTED",
        `some rows are of the shape ${this.shape} and others of the shape ${batch.shape}; ` +
          "map them to objects with the same keys first",
      );
    }
    let hasChanged = false;
    for (const column of batch.columns) hasChanged = this.addColumn(column) || hasChanged;
    for (const [name, known] of this.columns) {
      if (!batch.columns.some((column) => column.name === name)) markMissing(known);
    }
    this.rows += batch.rows;
    return hasChanged;
  }

  private addColumn(column: Column): boolean {
    const type = columnType(column);
    const dictionary = column.type === "dictionary" ? column.dictionary : undefined;
    let known = this.columns.get(column.name);
    let hasChanged = false;
    if (known === undefined) {
      known = { type, hasValidity: false, isMissing: undefined, dictionary };
      this.columns.set(column.name, known);
      if (this.rows > 0) markMissing(known);
    } else if (column.type !== "null") {
      hasChanged = known.type.kind !== "null" && !sameType(known.type, type);
      if (known.type.kind === "null") known.dictionary = undefined;
      else if (known.dictionary !== dictionary) known.dictionary = undefined;
      known.type = widerType(known.type, type);
    } else known.dictionary = undefined;
    if (column.validity !== undefined || column.type === "null") {
      known.hasValidity = true;
      known.isMissing = (known.isMissing ?? true) && column.nulls === "missing";
    }
    return hasChanged;
  }

  /** The batch with all columns, as part of all rows. */
  conform(batch: Batch): Batch {
    const columns = [...this.columns].map(([name, known]) => {
      const column = columnOf(batch, name);
      const nulls = known.isMissing === true ? "missing" : "null";
      if (known.type.kind === "null") return { ...nullColumn(name, batch.rows), nulls } as const;
      if (column.type === "dictionary" && column.dictionary === known.dictionary) {
        return { ...column, nulls, validity: validityOf(column, known) } as const;
      }
      const plain = plainText(widen(column, known.type));
      return { ...plain, nulls, validity: validityOf(plain, known) } as Column;
    });
    return { shape: this.shape ?? batch.shape, rows: batch.rows, columns };
  }
}

function markMissing(known: ColumnShape): void {
  known.hasValidity = true;
  known.isMissing ??= true;
  known.dictionary = undefined;
}

function validityOf(column: Column, { hasValidity }: ColumnShape): Uint8Array | undefined {
  return column.validity ?? (hasValidity ? allSet(column.length) : undefined);
}
