// map: one row out for each row in.

import { type Batch, canBeColumns, isPlainRecord, makeBatch } from "../../proto/batch/batch.ts";
import {
  emptyRecordColumns,
  filledColumns,
  type RecordForm,
  recordFormOf,
  recordRowsMin,
} from "../../proto/batch/record-columns.ts";
import { chunkRowsMax } from "../../proto/limits.ts";
import { type CalledRow, callRows, numberCalls, recordCalls } from "./call-rows.ts";
import { cellAt } from "./cells.ts";
import { nothingHeld, type Stage } from "./stage.ts";
import { enterUser, leaveUser, refusePromise, type UserCode, userFailure } from "./user-code.ts";

function numbersBatch(values: Float64Array): Batch {
  const base = {
    name: "value",
    length: values.length,
    nulls: "null",
    validity: undefined,
  } as const;
  return makeBatch("scalar", [{ ...base, type: "float64", values }]);
}

/** What a function was seen to answer: as long as it does, its answers become columns without values for rows. */
type Gives =
  | { readonly kind: "numbers" }
  | { readonly kind: "records"; readonly form: RecordForm }
  | { readonly kind: "values" };

const givesValues: Gives = { kind: "values" };

function givenBehindNumbers(answer: unknown): Gives {
  if (!isPlainRecord(answer)) return givesValues;
  const form = recordFormOf(answer);
  const isColumns = form.keys.length > 0 && canBeColumns(form.keys);
  return isColumns ? { kind: "records", form } : givesValues;
}

/** The function's calls, and where its answers go. */
class MapCalls {
  private readonly closure: (row: unknown) => unknown;
  private readonly index: number;
  private readonly user: UserCode;
  private readonly next: Stage;
  /** Rows that came before. */
  private base = 0;
  /** Numbers or records as long as the next stage would make columns of them, and nothing else was answered. */
  private gives: Gives;

  constructor(closure: (row: unknown) => unknown, index: number, user: UserCode, next: Stage) {
    this.closure = closure;
    this.index = index;
    this.user = user;
    this.next = next;
    this.gives = next.takesBatches === true ? { kind: "numbers" } : givesValues;
  }

  /** Runs what calls the function. */
  private entered<Answer>(call: () => Answer): Answer {
    const { user } = this;
    enterUser(user, this.index);
    try {
      const answer = call();
      leaveUser(user);
      return answer;
    } catch (thrown) {
      throw userFailure(user, thrown);
    }
  }

  push(rows: readonly unknown[]): void {
    const { closure, base } = this;
    const { ints } = this.user.cells;
    const out = new Array<unknown>(rows.length);
    this.entered(() => {
      for (let i = 0; i < rows.length; i++) {
        ints[cellAt.row] = base + i;
        out[i] = closure(rows[i]);
      }
      ints[cellAt.row] = base;
      if (out.length > 0) refusePromise(out[0], "map");
    });
    this.base += rows.length;
    this.next.push(out);
  }

  pushBatch(batch: Batch): void {
    let called: CalledRow | undefined;
    if (this.gives.kind === "numbers") called = this.pushNumbers(batch);
    if (this.gives.kind === "records") called = this.pushRecords(batch, this.gives.form, called);
    if (called?.row !== batch.rows) this.pushValues(batch, called);
    this.base += batch.rows;
  }

  /** Calls the function as long as it answers numbers, which go on as a column. */
  private pushNumbers(batch: Batch): CalledRow | undefined {
    const call = numberCalls(this.closure, batch, this.user, this.base);
    if (call === undefined) return undefined;
    const out = { numbers: new Float64Array(batch.rows), other: undefined };
    const done = this.callInChunks((start, end) => call(out, start, end), 0, batch.rows);
    if (done < batch.rows) this.gives = done === 0 ? givenBehindNumbers(out.other) : givesValues;
    if (done > 0) this.next.pushBatch(numbersBatch(out.numbers.subarray(0, done)));
    return { row: done, answer: out.other };
  }

  /** Calls it as long as it answers records of one form, which go on as columns. */
  private pushRecords(
    batch: Batch,
    form: RecordForm,
    called: CalledRow | undefined,
  ): CalledRow | undefined {
    if (batch.rows < recordRowsMin) return called;
    const call = recordCalls(this.closure, form, batch, this.user, this.base);
    if (call === undefined) return called;
    const columns = emptyRecordColumns(form, batch.rows);
    const out = { columns, keys: form.keys, other: undefined };
    const first = called === undefined ? 0 : 1;
    if (called !== undefined) {
      const record = called.answer as Readonly<Record<string, unknown>>;
      this.entered(() => refusePromise(record, "map"));
      for (const [at, key] of form.keys.entries()) columns[at]![0] = record[key] as number;
    }
    const done = this.callInChunks((start, end) => call(out, start, end), first, batch.rows);
    if (done < batch.rows) this.gives = givesValues;
    if (done > 0) this.next.pushBatch(makeBatch("record", filledColumns(form, columns, done)));
    return { row: done, answer: out.other };
  }

  /** Answers where it ended: where `call` did before the end of a chunk, or with the last row. */
  private callInChunks(
    call: (start: number, end: number) => number,
    first: number,
    rows: number,
  ): number {
    let done = first;
    while (done < rows) {
      const end = Math.min(done + chunkRowsMax, rows);
      done = this.entered(() => call(done, end));
      if (done < end) break;
    }
    return done;
  }

  private pushValues(batch: Batch, called: CalledRow | undefined): void {
    const chunks = callRows(this.closure, batch, this.user, this.base, called)[Symbol.iterator]();
    for (;;) {
      const chunk = this.entered(() => {
        const answers = chunks.next();
        if (answers.done !== true) refusePromise(answers.value[0], "map");
        return answers;
      });
      if (chunk.done === true) break;
      this.next.push(chunk.value);
    }
  }
}

export function mapStage(
  closure: (row: unknown) => unknown,
  index: number,
  user: UserCode,
  next: Stage,
): Stage {
  const calls = new MapCalls(closure, index, user, next);
  return {
    push: (rows) => calls.push(rows),
    pushBatch: (batch) => calls.pushBatch(batch),
    wantsMore: () => next.wantsMore(),
    finish: nothingHeld,
    takesSmall: false,
  };
}
