// One row: a warm-up of every contender, whose answers are compared, then runs in turn, A B C A B C.

import { rmSync } from "node:fs";
import { join } from "node:path";
import type { Contender } from "../contenders/contenders.ts";
import { differenceOf } from "./compare-answers.ts";
import { failureText } from "./failure-text.ts";
import type { Outcome } from "./results.ts";
import { type Run, runFromShell } from "./session.ts";
import type { OpenSessions } from "./sessions.ts";
import { type TimeBudget, TookTooLong } from "./time-budget.ts";
import type { Row, Rows, Task } from "./workload.ts";

export interface RowSettings {
  readonly workload: string;
  readonly threads: number;
  readonly runs: number;
  /** After so much time in counted runs a contender gets no more of them. */
  readonly rowSeconds: number;
  readonly budget: TimeBudget;
  readonly scratch: string;
  /** Without a warm-up the run whose answers are compared counts. */
  readonly warmUp: boolean;
}

/**
 * A warm-up of more than so many times the seconds of a row is the one run that counts. What is shorter gets a warm run,
 * however long: the JVM's first run of a query takes several times as long as its second.
 */
const coldOverRowSeconds = 4;

/** Of so long a warm-up a row has no other run. */
export function coldSeconds(rowSeconds: number): number {
  return coldOverRowSeconds * rowSeconds;
}

interface Attempt {
  readonly contender: Contender;
  readonly tookMs: number[];
  peakBytes: number;
  /** Its first run, without a warm-up, is the only one that counts. */
  isCold: boolean;
  answer: Rows;
  end: Exclude<Outcome, { kind: "measured" }> | undefined;
}

function taskOf(row: Row, { owner }: Contender, output: string): Task | undefined {
  return row.tasks(output)[owner];
}

class RowMeasurement {
  readonly #row: Row;
  readonly #settings: RowSettings;
  readonly #sessions: OpenSessions;
  readonly #attempts: Attempt[] = [];
  #expected: Rows | undefined;

  constructor(row: Row, settings: RowSettings, sessions: OpenSessions) {
    this.#row = row;
    this.#settings = settings;
    this.#sessions = sessions;
  }

  async measure(contenders: readonly Contender[]): Promise<ReadonlyMap<string, Outcome>> {
    for (const contender of contenders) {
      const attempt = {
        contender,
        tookMs: [],
        peakBytes: 0,
        isCold: false,
        answer: [],
        end: undefined,
      };
      this.#attempts.push(attempt);
      await this.#warmUp(attempt);
    }
    this.#compareAll();
    const { runs, warmUp } = this.#settings;
    for (let round = warmUp ? 1 : 2; round <= runs; round++) {
      for (const attempt of this.#attempts) await this.#count(attempt, round);
    }
    return new Map(this.#attempts.map((attempt) => [attempt.contender.name, outcomeOf(attempt)]));
  }

  async #warmUp(attempt: Attempt): Promise<void> {
    try {
      const { run, answer } = await this.#run(attempt.contender, 0, true);
      attempt.answer = answer;
      // What took so long alone is not run again: the table says that it was cold.
      attempt.isCold = run.wallMs > coldSeconds(this.#settings.rowSeconds) * 1000;
      if (this.#settings.warmUp && !attempt.isCold) return;
      attempt.tookMs.push(run.wallMs);
      attempt.peakBytes = run.peakBytes;
    } catch (failure) {
      await this.#fail(attempt, failure);
    }
  }

  async #fail(attempt: Attempt, failure: unknown): Promise<void> {
    const { budget, threads, workload } = this.#settings;
    if (failure instanceof TookTooLong) {
      const { message, limitSeconds } = failure;
      attempt.end = { kind: "late", reason: message, limitSeconds };
      budget.noteLate(attempt.contender.name, workload);
    } else attempt.end = { kind: "failed", reason: failureText(failure) };
    await this.#sessions.drop(attempt.contender, threads);
  }

  /** DuckDB judges; where it does not take part, the single thread does. */
  #compareAll(): void {
    const usable = this.#attempts.filter(({ end }) => end === undefined);
    const judge =
      usable.find(({ contender }) => contender.name === "duckdb") ??
      usable.find(({ contender }) => contender.name === "baseline") ??
      usable[0];
    this.#expected = judge?.answer;
    for (const attempt of usable) this.#judge(attempt, attempt.answer);
  }

  #judge(attempt: Attempt, answer: Rows): void {
    if (this.#expected === undefined) return;
    const reason = differenceOf(answer, this.#expected, this.#row.answer);
    if (reason !== undefined) attempt.end = { kind: "wrong", reason };
  }

  async #count(attempt: Attempt, round: number): Promise<void> {
    const { tookMs, contender } = attempt;
    const spentMs = tookMs.reduce((sum, ms) => sum + ms, 0);
    const isLast = round === this.#settings.runs;
    if (attempt.end !== undefined || attempt.isCold) return;
    if (tookMs.length > 0 && spentMs > this.#settings.rowSeconds * 1000) return;
    try {
      const isCheap = this.#row.answer.read === undefined;
      const { run, answer } = await this.#run(contender, round, isCheap || isLast);
      tookMs.push(run.wallMs);
      attempt.peakBytes = Math.max(attempt.peakBytes, run.peakBytes);
      if (isCheap || isLast) this.#judge(attempt, answer);
    } catch (failure) {
      await this.#fail(attempt, failure);
    }
  }

  async #run(
    contender: Contender,
    round: number,
    isRead: boolean,
  ): Promise<{ run: Run; answer: Rows }> {
    const { workload, threads, scratch, budget } = this.#settings;
    const output = join(scratch, `${this.#row.name}-${contender.name}-${round}`);
    const task = taskOf(this.#row, contender, output);
    if (task === undefined) throw new Error(`${contender.name} has no task`);
    rmSync(output, { recursive: true, force: true });
    const started = performance.now();
    // Starts and failures are time that the contender takes too.
    const spend = (): void => budget.spend(contender.name, performance.now() - started);
    const executed = this.#execute(contender, { workload, threads }, task, output);
    const run = await executed.finally(spend);
    const read = this.#row.answer.read;
    const answer = read === undefined ? run.rows : isRead ? await read(output) : [];
    // At once, so that nothing of it is still being written to disk while another runs. What a run that failed
    // wrote stays until the suite ends: its processes may be writing there.
    rmSync(output, { recursive: true, force: true });
    return { run, answer };
  }

  async #execute(
    contender: Contender,
    settings: { readonly workload: string; readonly threads: number },
    task: Task,
    output: string,
  ): Promise<Run> {
    const { runSeconds } = this.#settings.budget.limits;
    if (this.#row.fromShell === true && contender.shell !== undefined) {
      return await runFromShell(contender.shell(settings, task, output), runSeconds);
    }
    const session = await this.#sessions.get(contender, settings.threads);
    return await session.run({ task, output }, runSeconds);
  }
}

function outcomeOf({ end, tookMs, peakBytes, isCold }: Attempt): Outcome {
  if (end !== undefined) return end;
  const cold = isCold ? { isCold } : {};
  return {
    kind: "measured",
    tookMs: tookMs.map((ms) => Number(ms.toFixed(3))),
    peakBytes,
    ...cold,
  };
}

/** Measures those contenders that have a task for the row, and says of the others why not. */
export async function measureRow(
  row: Row,
  contenders: readonly Contender[],
  settings: RowSettings,
  sessions: OpenSessions,
): Promise<ReadonlyMap<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  const taking: Contender[] = [];
  for (const contender of contenders) {
    if (contender.name === "millrace-3" && row.threeMasters !== true) continue;
    const task = taskOf(row, contender, "");
    const hasTask = task !== undefined;
    const hasCommand = row.fromShell !== true || contender.shell !== undefined;
    const refusal =
      (task === undefined ? undefined : contender.refuses?.(task)) ??
      settings.budget.refusal(contender.name, settings.workload);
    if (hasTask && hasCommand && refusal === undefined) taking.push(contender);
    else if (hasTask && refusal !== undefined) {
      outcomes.set(contender.name, { kind: "skipped", reason: refusal });
    } else if (contender.owner !== "skale" || row.without?.skale !== undefined) {
      const reason = row.without?.[contender.owner] ?? "not written for it";
      outcomes.set(contender.name, { kind: "skipped", reason });
    }
  }
  const measured = await new RowMeasurement(row, settings, sessions).measure(taking);
  return new Map([...outcomes, ...measured]);
}
