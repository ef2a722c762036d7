// The rows of a task, held as columns until all are there, for functions that ask for them one by one. Those that do
// not fit into memory wait in a file.

import { type Batch, batchOfRows, batchRows } from "../../proto/batch/batch.ts";
import { batchBytes } from "../memory/batch-bytes.ts";
import { SpilledBatches, type SpilledBlock } from "../memory/spilled-batches.ts";
import type { OperatorMemory } from "../memory/task-memory.ts";
import { cellAt } from "./cells.ts";
import type { Stage } from "./stage.ts";
import type { UserCode } from "./user-code.ts";

export interface HeldRows extends Pick<Stage, "push" | "pushBatch"> {
  /** One after the other, each given up as it is taken; the cells follow. */
  rows(): IterableIterator<unknown>;
  /** The user's code, in the file of the row that was taken last. */
  readonly user: UserCode;
}

interface FiledBatch {
  readonly batch: Batch;
  /** The input that its rows come from. */
  readonly file: string | undefined;
}

/** The first in memory; once that is full, all others in a file. */
class HeldBatches {
  private readonly memory: OperatorMemory;
  private readonly held: FiledBatch[] = [];
  private readonly blocks: { readonly block: SpilledBlock; readonly file: string | undefined }[] =
    [];
  private spilled: SpilledBatches | undefined;

  constructor(memory: OperatorMemory) {
    this.memory = memory;
  }

  add(next: FiledBatch): void {
    const bytes = this.memory.bytes + batchBytes(next.batch);
    if (this.spilled === undefined && this.memory.resize(bytes)) return void this.held.push(next);
    this.spilled ??= new SpilledBatches(this.memory.createSpillFile());
    this.blocks.push({ block: this.spilled.write(next.batch), file: next.file });
  }

  /** In the order in which they came, each given up as it is taken. */
  *take(): Iterable<FiledBatch> {
    for (let next = this.held.shift(); next !== undefined; next = this.held.shift()) {
      yield next;
      this.memory.resize(Math.max(0, this.memory.bytes - batchBytes(next.batch)));
    }
    for (const { block, file } of this.blocks) yield { batch: this.spilled!.read(block), file };
    this.spilled?.close();
    this.blocks.length = 0;
  }
}

/** A function cannot be stopped while it asks for the next row, so that all must be there before it begins. */
export function holdRows(user: UserCode, memory: OperatorMemory): HeldRows {
  const { ints } = user.cells;
  const held = new HeldBatches(memory);
  let file: string | undefined;
  function* rows(): IterableIterator<unknown> {
    let row = 0;
    for (const next of held.take()) {
      file = next.file;
      for (const value of batchRows(next.batch)) {
        ints[cellAt.row] = row++;
        ints[cellAt.steps] = ints[cellAt.steps]! + 1;
        yield value;
      }
    }
  }
  const pushBatch = (batch: Batch): void => held.add({ batch, file: user.file() });
  return {
    push: (values) => {
      if (values.length > 0) pushBatch(batchOfRows(values));
    },
    pushBatch,
    rows,
    user: { ...user, file: () => file },
  };
}
