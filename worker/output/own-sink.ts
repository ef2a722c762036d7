// Sinks of others: hands batches to the code that stages them; lets it publish, or remove, what was staged.

import { type Batch, batchOfRows } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { sinkBatchesWaitingMax, sinkReceiptCharsMax } from "../../proto/limits/connectors.ts";
import type { SinkCall, SinkWrite, StageAttempt, StagedPart } from "../../proto/plan/connector.ts";
import { decodeValue, encodeValue } from "../../proto/plan/values.ts";
import { viewOf } from "../operators/batch-view.ts";
import { type Outside, outsideFailure, waitOutside } from "../operators/outside-wait.ts";
import { nothingHeld, pushBatchAsRows } from "../operators/stage.ts";
import { digestOf, type Sink } from "./sink.ts";

export interface OwnSink extends Outside {
  readonly ask: (call: SinkCall) => unknown;
}

/** Batches from the pipeline to the code that takes them, one after the other. */
class Handover {
  private readonly waiting: Batch[] = [];
  private isEnded = false;
  private failure: Error | undefined;
  private wakeTaker: () => void = () => {};
  private wakeGiver: () => void = () => {};

  give(batch: Batch): void {
    this.waiting.push(batch);
    this.wakeTaker();
  }

  end(): void {
    this.isEnded = true;
    this.wakeTaker();
  }

  /** The code meets it where it asks for the next batch. */
  fail(failure: Error): void {
    this.failure ??= failure;
    this.wakeTaker();
  }

  get isFull(): boolean {
    return this.waiting.length > sinkBatchesWaitingMax;
  }

  get isEmpty(): boolean {
    return this.waiting.length === 0;
  }

  /** Resolves when a batch was taken. */
  taken(): Promise<void> {
    return new Promise((resolve) => {
      this.wakeGiver = resolve;
    });
  }

  async *batches(): AsyncGenerator<unknown> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      const next = this.waiting.shift();
      if (next !== undefined) {
        this.wakeGiver();
        yield viewOf(next);
      } else if (this.isEnded) return;
      else {
        await new Promise<void>((resolve) => {
          this.wakeTaker = resolve;
        });
      }
    }
  }
}

/** The receipt as it is when it was recorded. */
function recorded(receipt: unknown, outside: Outside): unknown {
  try {
    const text = encodeValue(receipt);
    if (text.length <= sinkReceiptCharsMax) return decodeValue(text);
    throw new EngineError(
      "RESULT_TOO_LARGE",
      `${outside.label} answered a receipt of ${text.length} characters, and at most ${sinkReceiptCharsMax} are ` +
        "recorded; let it name where the rows are",
      { limitBytes: sinkReceiptCharsMax },
    );
  } catch (thrown) {
    throw outsideFailure(outside, thrown);
  }
}

/** Tasks without rows stage nothing, and are no part of what is published. */
export function stageSink(outside: OwnSink, attempt: StageAttempt): Sink {
  const { ask, label } = outside;
  const handover = new Handover();
  let staging: Promise<unknown> | undefined;
  let hasSettled = false;
  let rows = 0;
  const pushBatch = (batch: Batch): void => {
    if (batch.rows === 0) return;
    rows += batch.rows;
    handover.give(batch);
    staging ??= Promise.resolve()
      .then(() => ask({ kind: "stage", batches: handover.batches(), attempt }))
      .finally(() => {
        hasSettled = true;
      });
    // It is awaited by `drain` and `seal`, but not where the attempt is stopped before.
    staging.catch(() => undefined);
  };
  const room = async (): Promise<void> => {
    while (handover.isFull && !hasSettled) await Promise.race([handover.taken(), staging]);
    if (hasSettled) await receiptOfAll();
  };
  /** Rows that nobody took would be lost, and counted as written. */
  const receiptOfAll = async (): Promise<unknown> => {
    const receipt = await staging;
    if (handover.isEmpty) return receipt;
    throw new EngineError(
      "VALUE_UNSUPPORTED",
      `${label} ended before it had taken all batches; go through all of them: for await (const batch of batches)`,
    );
  };
  return {
    push: (pushed) => {
      if (pushed.length > 0) pushBatch(batchOfRows(pushed));
    },
    pushBatch,
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: false,
    drain: () => (hasSettled || handover.isFull ? waitOutside(outside, () => room()) : undefined),
    seal: async () => {
      handover.end();
      const receipt = staging && (await waitOutside(outside, receiptOfAll));
      const { taskIndex, token } = attempt;
      const parts: readonly StagedPart[] =
        staging === undefined
          ? []
          : [{ taskIndex, token, rows, receipt: recorded(receipt ?? null, outside) }];
      const resultJson = encodeValue(parts);
      const bytes = Buffer.from(resultJson, "utf8");
      return { rowsOut: rows, bytesOut: 0, digest: digestOf(bytes), resultJson };
    },
    abort: async () => {
      handover.fail(new EngineError("LEASE_LOST", "the attempt that staged these rows is over"));
      await staging?.catch(() => undefined);
    },
  };
}

/** The rows are the staged parts as text, few and small; the code is called once all are there. */
export function publishSink(outside: OwnSink, kind: "commit" | "abort", write: SinkWrite): Sink {
  const parts: StagedPart[] = [];
  const push = (rows: readonly unknown[]): void => {
    for (const row of rows) parts.push(decodeValue(row as string) as StagedPart);
  };
  return {
    push,
    pushBatch: pushBatchAsRows({ push }),
    wantsMore: () => true,
    finish: nothingHeld,
    takesSmall: true,
    drain: () => undefined,
    seal: async () => {
      const call: SinkCall =
        kind === "commit" ? { kind: "commit", parts, write } : { kind: "abort", write };
      await waitOutside(outside, () => outside.ask(call));
      const resultJson = encodeValue([]);
      const digest = digestOf(Buffer.from(resultJson, "utf8"));
      return { rowsOut: parts.length, bytesOut: 0, digest, resultJson };
    },
    abort: async () => undefined,
  };
}
