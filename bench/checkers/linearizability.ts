// Whether a history of concurrent operations could have been one after the other: the algorithm of Wing and
// Gong with the memory of Lowe ("Testing for linearizability", 2017), as in Porcupine. An operation takes
// effect at one moment between its call and its return; the search looks for such moments that the model
// allows, undoing its choices, and never tries the same set of operations with the same state twice.

import { AssertionError, assert } from "../../proto/errors.ts";
import type { Operation } from "./history.ts";

/** What the system is, one operation at a time. */
export interface Model<State, Input, Output> {
  /** Operations on different keys never touch each other, so each key is checked by itself. */
  keyOf(input: Input): string;
  initial(): State;
  /**
   * The states that may follow when the operation takes effect; none when its output is impossible. More than
   * one where something unseen may happen too, such as an expiry. An unknown output allows every effect.
   */
  step(state: State, operation: Operation<Input, Output>): readonly State[];
  /** Equal for equal states. */
  stateText(state: State): string;
  /** For messages. */
  operationText(operation: Operation<Input, Output>): string;
}

export type Verdict =
  | { readonly kind: "linearizable"; readonly steps: number }
  /** `operations`: those that could not be placed, after the longest order that could be found. */
  | {
      readonly kind: "violation";
      readonly key: string;
      readonly placed: readonly string[];
      readonly operations: readonly string[];
    }
  /** The budget ran out: never to be taken for a pass. */
  | { readonly kind: "unknown"; readonly key: string; readonly steps: number };

/** Steps of the model in one check: seconds, where a sound history takes milliseconds. */
export const checkStepsMax = 5_000_000;

/** One end of an operation, in a list ordered by time out of which placed operations are lifted. */
interface Entry {
  readonly index: number;
  readonly isCall: boolean;
  previous: Entry | undefined;
  next: Entry | undefined;
}

interface Choice<State> {
  readonly call: Entry;
  readonly before: State;
  readonly alternative: number;
}

/** A list with a head of its own, so that lifting needs no special case. */
function entriesOf(operations: readonly Operation<unknown, unknown>[]) {
  const returns: (Entry | undefined)[] = [];
  const ends: { readonly at: number; readonly entry: Entry }[] = [];
  for (const [index, { calledAt, returnedAt }] of operations.entries()) {
    const call: Entry = { index, isCall: true, previous: undefined, next: undefined };
    ends.push({ at: calledAt, entry: call });
    // One that may take effect at any later time, or never, ends the search for nobody.
    const isKnown = returnedAt !== Number.POSITIVE_INFINITY;
    const back: Entry = { index, isCall: false, previous: undefined, next: undefined };
    returns.push(isKnown ? back : undefined);
    if (isKnown) ends.push({ at: returnedAt, entry: back });
  }
  // At equal times calls come first: who is not known to be before counts as beside.
  ends.sort((a, b) => a.at - b.at || Number(b.entry.isCall) - Number(a.entry.isCall));
  const head: Entry = { index: -1, isCall: false, previous: undefined, next: undefined };
  let last = head;
  for (const { entry } of ends) {
    entry.previous = last;
    last.next = entry;
    last = entry;
  }
  return { head, returns };
}

function unlink(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  if (entry.previous !== undefined) entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}

/** The operations placed so far, as bits; its text is the key of the search's memory. */
class Placed {
  readonly #words: Uint16Array;

  constructor(count: number) {
    this.#words = new Uint16Array(Math.ceil(count / 16));
  }

  flip(index: number): void {
    this.#words[index >> 4] = (this.#words[index >> 4] ?? 0) ^ (1 << (index & 15));
  }

  text(): string {
    let text = "";
    for (const word of this.#words) text += String.fromCharCode(word);
    return text;
  }
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #head: Entry;
  readonly #returns: readonly (Entry | undefined)[];
  readonly #placed: Placed;
  readonly #seen = new Set<string>();
  readonly #stack: Choice<State>[] = [];
  #state: State;
  /** Known operations that still have to be placed. */
  #left: number;
  #longest: readonly number[] = [];
  steps = 0;

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    const { head, returns } = entriesOf(operations);
    this.#head = head;
    this.#returns = returns;
    this.#placed = new Placed(operations.length);
    this.#state = model.initial();
    this.#left = returns.filter((back) => back !== undefined).length;
  }

  run(stepsMax: number): "linearizable" | "violation" | "unknown" {
    let entry = this.#head.next;
    let alternative = 0;
    while (this.#left > 0) {
      if (entry?.isCall === true) {
        if (this.steps >= stepsMax) return "unknown";
        if (this.#place(entry, alternative)) {
          entry = this.#head.next;
          alternative = 0;
          continue;
        }
        entry = entry.next;
        alternative = 0;
        continue;
      }
      // A return whose call was not placed before it, or the end: the last choice was wrong.
      const choice = this.#undo();
      if (choice === undefined) return "violation";
      entry = choice.call;
      alternative = choice.alternative + 1;
    }
    return "linearizable";
  }

  /** Lets the operation take effect in the first way, from the given one on, that is new. */
  #place(call: Entry, from: number): boolean {
    const { index } = call;
    this.steps++;
    const operation = this.#operations[index]!;
    const states = this.#model.step(this.#state, operation);
    for (let alternative = from; alternative < states.length; alternative++) {
      const after = states[alternative]!;
      this.#placed.flip(index);
      const key = `${this.#placed.text()}|${this.#model.stateText(after)}`;
      if (this.#seen.has(key)) {
        this.#placed.flip(index);
        continue;
      }
      this.#seen.add(key);
      this.#stack.push({ call, before: this.#state, alternative });
      this.#state = after;
      unlink(call);
      const back = this.#returns[index];
      if (back !== undefined) {
        unlink(back);
        this.#left--;
      }
      if (this.#stack.length > this.#longest.length) {
        this.#longest = this.#stack.map((choice) => choice.call.index);
      }
      return true;
    }
    return false;
  }

  #undo(): Choice<State> | undefined {
    const choice = this.#stack.pop();
    if (choice === undefined) return undefined;
    const { index } = choice.call;
    const back = this.#returns[index];
    if (back !== undefined) {
      relink(back);
      this.#left++;
    }
    relink(choice.call);
    this.#placed.flip(index);
    this.#state = choice.before;
    return choice;
  }

  /** What to show of a violation. */
  explain(): { readonly placed: readonly string[]; readonly operations: readonly string[] } {
    const textOf = (index: number): string => describe(this.#model, this.#operations[index]!);
    const placed = new Set(this.#longest);
    const rest = this.#operations.flatMap((_, index) => (placed.has(index) ? [] : [textOf(index)]));
    return { placed: this.#longest.map(textOf), operations: rest };
  }
}

function describe<State, Input, Output>(
  model: Model<State, Input, Output>,
  operation: Operation<Input, Output>,
): string {
  const { client, calledAt, returnedAt, calledMs, returnedMs } = operation;
  return (
    `${client} [${calledAt}..${returnedAt}, ${calledMs}..${returnedMs} ms] ` +
    model.operationText(operation)
  );
}

function byKey<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): ReadonlyMap<string, readonly Operation<Input, Output>[]> {
  const parts = new Map<string, Operation<Input, Output>[]>();
  for (const operation of operations) {
    const key = model.keyOf(operation.input);
    const part = parts.get(key);
    if (part === undefined) parts.set(key, [operation]);
    else part.push(operation);
  }
  return parts;
}

/** Checks each key by itself; the first that is not linearizable, or not known to be, decides. */
export function checkLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number = checkStepsMax,
): Verdict {
  let steps = 0;
  for (const [key, part] of byKey(model, operations)) {
    const search = new Search(model, part);
    const found = search.run(stepsMax - steps);
    steps += search.steps;
    if (found === "violation") return { kind: "violation", key, ...search.explain() };
    if (found === "unknown") return { kind: "unknown", key, steps };
  }
  return { kind: "linearizable", steps };
}

/** Fails on a violation, on an exhausted budget, and on a history in which nothing is known. */
export function assertLinearizable<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
  stepsMax: number = checkStepsMax,
): void {
  const known = operations.filter(({ output }) => output !== undefined).length;
  assert(known > 0, `none of ${operations.length} operations has a known outcome`);
  const verdict = checkLinearizable(model, operations, stepsMax);
  if (verdict.kind === "linearizable") return;
  if (verdict.kind === "unknown") {
    throw new AssertionError(
      `after ${verdict.steps} steps it is unknown whether ${verdict.key} is linearizable; ` +
        "record a shorter history, or with fewer clients on one key",
    );
  }
  const { key, placed, operations: left } = verdict;
  throw new AssertionError(
    `${key} is not linearizable.\nThe longest order found:\n  ${placed.join("\n  ")}\n` +
      `After which none of these fits:\n  ${left.join("\n  ")}`,
  );
}
