// A register that is read, written, and written on a condition.

import type { Model } from "./linearizability.ts";

export type RegisterInput =
  | { readonly kind: "read"; readonly key: string }
  | { readonly kind: "write"; readonly key: string; readonly value: number }
  | {
      readonly kind: "compareAndSet";
      readonly key: string;
      readonly expected: number;
      readonly value: number;
    };

export type RegisterOutput =
  | { readonly kind: "value"; readonly value: number }
  | { readonly kind: "written" }
  | { readonly kind: "set"; readonly done: boolean };

/** Begins at 0. */
export const registerModel: Model<number, RegisterInput, RegisterOutput> = {
  keyOf: (input) => input.key,
  initial: () => 0,
  step: (state, { input, output }) => {
    switch (input.kind) {
      case "read":
        return output?.kind === "value" && output.value !== state ? [] : [state];
      case "write":
        return [input.value];
      case "compareAndSet": {
        const isEqual = state === input.expected;
        if (output?.kind === "set" && output.done !== isEqual) return [];
        return [isEqual ? input.value : state];
      }
    }
  },
  stateText: String,
  operationText: ({ input, output }) => `${JSON.stringify(input)} → ${JSON.stringify(output)}`,
};
