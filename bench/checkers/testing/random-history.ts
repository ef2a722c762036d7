// Small histories: of a register that works, and of one that lies.

import type { RandomStream } from "../../../proto/ports/random.ts";
import type { Operation } from "../history.ts";
import type { RegisterInput, RegisterOutput } from "../register-model.ts";

export type RegisterOperation = Operation<RegisterInput, RegisterOutput>;

interface Draft {
  readonly client: string;
  readonly input: RegisterInput;
  output: RegisterOutput | undefined;
  readonly calledAt: number;
  readonly effectAt: number;
  readonly returnedAt: number;
}

const perform = (state: Map<string, number>, input: RegisterInput): RegisterOutput => {
  const value = state.get(input.key) ?? 0;
  switch (input.kind) {
    case "read":
      return { kind: "value", value };
    case "write":
      state.set(input.key, input.value);
      return { kind: "written" };
    case "compareAndSet":
      if (value === input.expected) state.set(input.key, input.value);
      return { kind: "set", done: value === input.expected };
  }
};

function inputOf(random: RandomStream, keys: number): RegisterInput {
  const key = `k${random.below(keys)}`;
  const value = 1 + random.below(3);
  switch (random.below(3)) {
    case 0:
      return { kind: "read", key };
    case 1:
      return { kind: "write", key, value };
    default:
      return { kind: "compareAndSet", key, expected: random.below(4), value };
  }
}

function corrupt(random: RandomStream, output: RegisterOutput): RegisterOutput {
  switch (output.kind) {
    case "value":
      return { kind: "value", value: random.below(4) };
    case "written":
      return output;
    case "set":
      return { kind: "set", done: random.below(2) === 0 };
  }
}

export interface HistoryOptions {
  readonly clients: number;
  readonly operations: number;
  readonly keys: number;
  /** Per hundred operations. */
  readonly unknown: number;
  readonly lies: number;
}

/** Each operation takes effect at a random moment between its call and its return; then some answers are changed. */
export function randomHistory(random: RandomStream, options: HistoryOptions): RegisterOperation[] {
  const free = Array.from({ length: options.clients }, () => 0);
  const drafts: Draft[] = [];
  for (let i = 0; i < options.operations; i++) {
    const client = random.below(options.clients);
    const calledAt = free[client]! + 1 + random.below(20);
    const returnedAt = calledAt + 2 + random.below(40);
    const isUnknown = random.below(100) < options.unknown;
    const effectAt = calledAt + 1 + random.below(returnedAt - calledAt - 1);
    free[client] = returnedAt;
    drafts.push({
      client: `c${client}`,
      input: inputOf(random, options.keys),
      output: undefined,
      calledAt,
      // Lost requests never take effect, lost replies do, and late ones do so at some later time.
      effectAt: isUnknown ? effectAt + random.below(100) * random.below(2) : effectAt,
      returnedAt: isUnknown ? Number.POSITIVE_INFINITY : returnedAt,
    });
  }
  const state = new Map<string, number>();
  for (const draft of [...drafts].sort((a, b) => a.effectAt - b.effectAt)) {
    if (draft.returnedAt === Number.POSITIVE_INFINITY) {
      if (random.below(3) > 0) perform(state, draft.input);
      continue;
    }
    const output = perform(state, draft.input);
    draft.output = random.below(100) < options.lies ? corrupt(random, output) : output;
  }
  return drafts.map(({ effectAt: _, ...draft }) => ({
    ...draft,
    calledMs: draft.calledAt,
    returnedMs: draft.returnedAt,
  }));
}
