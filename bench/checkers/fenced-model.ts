// A resource guarded by fencing tokens: once it has seen a token, no smaller one changes it any more.

import type { Model } from "./linearizability.ts";

export interface FencedInput {
  readonly resource: string;
  readonly token: number;
}

/** Whether the write was taken. */
export type FencedOutput = "accepted" | "refused";

/** The state is the largest token seen. */
export const fencedModel: Model<number, FencedInput, FencedOutput> = {
  keyOf: (input) => input.resource,
  initial: () => 0,
  step: (largest, { input, output }) => {
    const isFit = input.token >= largest;
    if (output !== undefined && (output === "accepted") !== isFit) return [];
    return [isFit ? input.token : largest];
  },
  stateText: String,
  operationText: ({ input, output }) =>
    `write to ${input.resource} with token ${input.token} → ${output ?? "unknown"}`,
};
