// A lock with fencing tokens: one holder at a time, tokens that only rise, and no lease that ends early.

import type { Operation } from "./history.ts";
import type { Model } from "./linearizability.ts";

export type LockInput =
  /** `ttlMs`: the least that the lease lasts from here on, or from the call of each renewal. */
  | {
      readonly kind: "acquire";
      readonly name: string;
      readonly owner: string;
      readonly ttlMs: number;
    }
  | {
      readonly kind: "renew";
      readonly name: string;
      readonly owner: string;
      readonly token: number;
      readonly ttlMs: number;
    }
  | {
      readonly kind: "release";
      readonly name: string;
      readonly owner: string;
      readonly token: number;
    };

export type LockOutput =
  | { readonly kind: "granted"; readonly token: number }
  /** Somebody else holds it. */
  | { readonly kind: "held" }
  /** A renewal, or the release of a lock that the caller still held. */
  | { readonly kind: "done" }
  /** The caller does not hold it: of a renewal, a release, or an acquire of a claim that is over. */
  | { readonly kind: "lost" };

export interface LockModelState {
  /** Empty when it is free. */
  readonly holder: string;
  /** 0 while the holder's is not known, since its grant has an unknown outcome. */
  readonly token: number;
  /** Every later token is larger. */
  readonly lastToken: number;
  /** The lease cannot have ended before. */
  readonly heldUntilMs: number;
}

type LockOperation = Operation<LockInput, LockOutput>;

const free = (state: LockModelState): LockModelState => {
  const lastToken = Math.max(state.lastToken, state.token);
  return { holder: "", token: 0, lastToken, heldUntilMs: 0 };
};

/** The state as it is, and as it is when the lease ran out just before. */
function withExpiry(state: LockModelState, { returnedMs }: LockOperation): LockModelState[] {
  if (state.holder === "" || returnedMs < state.heldUntilMs) return [state];
  return [state, free(state)];
}

function acquire(state: LockModelState, operation: LockOperation): LockModelState[] {
  const { input, output, calledMs } = operation;
  if (input.kind !== "acquire") return [];
  const heldUntilMs = calledMs + input.ttlMs;
  const isOwn = state.holder === input.owner;
  const unchanged = [state];
  const granted = (token: number): LockModelState[] => {
    if (isOwn) {
      if (token !== 0 && state.token !== 0 && token !== state.token) return [];
      const known = token === 0 ? state.token : token;
      if (known !== 0 && known <= state.lastToken) return [];
      const until = Math.max(heldUntilMs, state.heldUntilMs);
      return [{ ...state, token: known, heldUntilMs: until }];
    }
    if (state.holder !== "" || (token !== 0 && token <= state.lastToken)) return [];
    return [{ holder: input.owner, token, lastToken: state.lastToken, heldUntilMs }];
  };
  if (output === undefined) return [...granted(0), ...unchanged];
  if (output.kind === "granted") return granted(output.token);
  if (output.kind === "held") return state.holder !== "" && !isOwn ? unchanged : [];
  return isOwn ? [] : unchanged;
}

/** The holder with its own token; the token becomes known where it was not. */
function asHolder(state: LockModelState, owner: string, token: number): LockModelState | undefined {
  if (state.holder !== owner) return undefined;
  if (state.token === 0) return token > state.lastToken ? { ...state, token } : undefined;
  return state.token === token ? state : undefined;
}

function renewOrRelease(state: LockModelState, operation: LockOperation): LockModelState[] {
  const { input, output, calledMs } = operation;
  if (input.kind === "acquire") return [];
  const own = asHolder(state, input.owner, input.token);
  if (own === undefined) return output?.kind === "done" ? [] : [state];
  if (output?.kind === "lost") return [];
  const heldUntilMs =
    input.kind === "renew" ? Math.max(own.heldUntilMs, calledMs + input.ttlMs) : 0;
  const done = input.kind === "renew" ? { ...own, heldUntilMs } : free(own);
  return output === undefined ? [done, state] : [done];
}

/** Names are locks of their own; a claim is over once it was released, lost, or refused. */
export const lockModel: Model<LockModelState, LockInput, LockOutput> = {
  keyOf: (input) => input.name,
  initial: () => ({ holder: "", token: 0, lastToken: 0, heldUntilMs: 0 }),
  step: (state, operation) =>
    withExpiry(state, operation).flatMap((before) =>
      operation.input.kind === "acquire"
        ? acquire(before, operation)
        : renewOrRelease(before, operation),
    ),
  stateText: ({ holder, token, lastToken, heldUntilMs }) =>
    `${holder} ${token} ${lastToken} ${heldUntilMs}`,
  operationText: ({ input, output }) => {
    const what = input.kind === "acquire" ? "" : ` @${input.token}`;
    const told = output === undefined ? "unknown" : output.kind;
    const token = output?.kind === "granted" ? ` @${output.token}` : "";
    return `${input.owner} ${input.kind} ${input.name}${what} → ${told}${token}`;
  },
};
