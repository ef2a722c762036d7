// What clients asked and what they were told, in the order in which it happened.

import { assert } from "../../proto/errors.ts";

export interface Operation<Input, Output> {
  readonly client: string;
  readonly input: Input;
  /** Undefined when the outcome is unknown: it may have taken effect, may yet, or may never. */
  readonly output: Output | undefined;
  /** Position of the call among all calls and returns of the history. */
  readonly calledAt: number;
  /** Position of the return; Infinity when the outcome is unknown. */
  readonly returnedAt: number;
  readonly calledMs: number;
  /** Infinity when the outcome is unknown. */
  readonly returnedMs: number;
}

export interface OpenOperation<Output> {
  returned(output: Output): void;
}

/**
 * Notes calls and returns. One recorder serves all clients of a history, since its own order is what says
 * which operation was over before another began. An operation that never returned has an unknown outcome.
 */
export class HistoryRecorder<Input, Output> {
  readonly #nowMs: () => number;
  readonly #operations: Operation<Input, Output>[] = [];
  #events = 0;

  /** `nowMs`: the clock of the clients, virtual or monotonic. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  call(client: string, input: Input): OpenOperation<Output> {
    const index = this.#operations.length;
    const open: Operation<Input, Output> = {
      ...{ client, input, output: undefined },
      ...{ calledAt: this.#events++, calledMs: this.#nowMs() },
      ...{ returnedAt: Number.POSITIVE_INFINITY, returnedMs: Number.POSITIVE_INFINITY },
    };
    this.#operations.push(open);
    return {
      returned: (output) => {
        assert(this.#operations[index] === open, `an operation of ${client} returned twice`);
        const returnedAt = this.#events++;
        this.#operations[index] = { ...open, output, returnedAt, returnedMs: this.#nowMs() };
      },
    };
  }

  /**
   * Performs an operation and notes it. What it throws is an outcome where `outcomeOf` says so, else the
   * outcome is unknown; nothing is rethrown.
   */
  async record(
    client: string,
    input: Input,
    perform: () => Promise<Output>,
    outcomeOf: (thrown: unknown) => Output | undefined,
  ): Promise<Output | undefined> {
    const open = this.call(client, input);
    let output: Output | undefined;
    try {
      output = await perform();
    } catch (thrown) {
      output = outcomeOf(thrown);
    }
    if (output !== undefined) open.returned(output);
    return output;
  }

  operations(): readonly Operation<Input, Output>[] {
    return this.#operations;
  }
}
