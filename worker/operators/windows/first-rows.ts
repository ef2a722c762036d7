// Rows that may be among the first of their partition: the others are dropped as soon as enough rows before them came.

import type { Batch } from "../../../proto/batch/batch.ts";
import type { Column } from "../../../proto/batch/column.ts";
import type { Expr, RankLimit, SortExpr } from "../../../proto/plan/expr.ts";
import { gatherBatch } from "../../kernels/columns/gather.ts";
import { GroupIndex } from "../../kernels/columns/group-index.ts";
import { type OrderNumbers, orderNumbers } from "../../kernels/columns/order-numbers.ts";
import { batchBytes } from "../../memory/batch-bytes.ts";
import { evaluator } from "../evaluate.ts";
import { onlyWanted, type Wanted } from "../wanted-columns.ts";
import { LeastNumbers } from "./least-numbers.ts";

export interface RankLimitProgram {
  readonly partitionBy: readonly Expr[];
  readonly orderBy: readonly SortExpr[];
  readonly limit: RankLimit;
}

/** Where more of a batch may be among the first, it is held as it is. */
const copiedShareMax = 0.5;

/** Rows with what tells whether they are among the first. */
interface Held {
  readonly batch: Batch;
  readonly groups: Int32Array;
  readonly numbers: Float64Array;
}

function leastNumbers({ limit }: RankLimitProgram): LeastNumbers {
  const areDifferent = limit.function === "denseRank";
  return new LeastNumbers({ countMax: limit.rowsMax, areDifferent });
}

/** By the first key of the order; where there is none, all rows are alike. */
function numbersBy(key: SortExpr | undefined): (batch: Batch) => OrderNumbers | undefined {
  if (key === undefined) {
    return ({ rows }) => ({ kind: "any", areAll: true, numbers: new Float64Array(rows) });
  }
  const { expr, direction, nulls } = key;
  const evaluate = evaluator(expr);
  return (batch) => orderNumbers(evaluate(batch), direction, nulls);
}

function heldBytes({ batch, groups, numbers }: Held): number {
  return batchBytes(batch) + groups.byteLength + numbers.byteLength;
}

function picked(held: Held, rows: Int32Array): Held {
  const { batch, groups, numbers } = held;
  if (rows.length === batch.rows) return held;
  const ownGroups = new Int32Array(rows.length);
  const ownNumbers = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    ownGroups[i] = groups[rows[i]!]!;
    ownNumbers[i] = numbers[rows[i]!]!;
  }
  return { batch: gatherBatch(batch, rows), groups: ownGroups, numbers: ownNumbers };
}

export class FirstRows {
  private readonly program: RankLimitProgram;
  private readonly wants: Wanted;
  private readonly partitionsOf: (batch: Batch) => readonly Column[];
  private readonly numbersOf: (batch: Batch) => OrderNumbers | undefined;
  private readonly index = new GroupIndex();
  private least: LeastNumbers;
  private kind: OrderNumbers["kind"] = "any";
  private held: Held[] = [];
  private heldBytes = 0;
  /** Rows that may be among the first, when they came or since they were last picked. */
  rows = 0;

  /** `wants`: the columns that are read of rows that are left. */
  constructor(program: RankLimitProgram, wants: Wanted) {
    this.program = program;
    this.wants = wants;
    const partitions = program.partitionBy.map(evaluator);
    this.partitionsOf = (batch) => partitions.map((evaluate) => evaluate(batch));
    this.numbersOf = numbersBy(program.orderBy[0]);
    this.least = leastNumbers(program);
  }

  /** Memory held, in bytes. */
  get bytes(): number {
    return this.heldBytes + this.index.bytes + this.least.bytes;
  }

  /** False where the order of the rows cannot be told from numbers; nothing was done then. */
  add(batch: Batch): boolean {
    const { partitionBy, orderBy, limit } = this.program;
    const found = this.numbersOf(batch);
    if (found === undefined || !this.compares(found)) return false;
    const hasPartitions = partitionBy.length > 0;
    const groups = hasPartitions
      ? this.index.add(this.partitionsOf(batch), batch.rows)
      : new Int32Array(batch.rows);
    this.least.reserve(hasPartitions ? this.index.size : 1);
    // Of rows that the order does not tell apart the first to come has the lesser number, and all have one rank.
    const dropsEqual = limit.function === "rowNumber" && orderBy.length <= 1 && found.areAll;
    const first = this.least.add(found.numbers, groups, dropsEqual);
    if (first.length === 0) return true;
    const all = { batch: onlyWanted(batch, this.wants), groups, numbers: found.numbers };
    // What is mostly among the first is picked once, in the end.
    const own = first.length > batch.rows * copiedShareMax ? all : picked(all, first);
    this.held.push(own);
    this.heldBytes += heldBytes(own);
    this.rows += first.length;
    return true;
  }

  private compares({ kind }: OrderNumbers): boolean {
    if (kind === "any" || kind === this.kind) return true;
    if (this.kind !== "any") return false;
    this.kind = kind;
    return true;
  }

  /** Drops what rows that came later have put behind the first. */
  pick(): void {
    const all = this.held.map((own) => picked(own, this.least.within(own.numbers, own.groups)));
    this.held = all.filter(({ batch }) => batch.rows > 0);
    this.heldBytes = this.held.reduce((sum, own) => sum + heldBytes(own), 0);
    this.rows = this.held.reduce((sum, { batch }) => sum + batch.rows, 0);
  }

  /** All rows that are left, in their order; what comes after is a beginning anew. */
  take(): readonly Batch[] {
    const all = this.held.map(({ batch, numbers, groups }) => {
      const rows = this.least.within(numbers, groups);
      return rows.length === batch.rows ? batch : gatherBatch(batch, rows);
    });
    const batches = all.filter(({ rows }) => rows > 0);
    this.held = [];
    this.heldBytes = 0;
    this.rows = 0;
    this.index.close();
    this.least = leastNumbers(this.program);
    return batches;
  }
}
