// Finds the leader among the masters and stays with it: follows hints, goes round, gives up in time.

import { assert, EngineError, toEngineError } from "../errors.ts";
import { leaderSearchMsMax, leaderSearchPauseMs, mastersMax, rpcTimeoutMs } from "../limits.ts";
import type { Clock } from "../ports/clock.ts";
import type { RandomStream } from "../ports/random.ts";
import type { RpcClient, RpcMethod } from "../ports/rpc.ts";

export interface LeaderClientOptions {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  /** Addresses of the masters, `host:port`. */
  readonly masters: readonly string[];
  /** Spreads clients over masters and in time; without it they start at the first, in step. */
  readonly random?: RandomStream;
  readonly searchMsMax?: number;
  readonly searchPauseMs?: number;
}

export interface LeaderCallOptions {
  /** For one attempt, not for the search. */
  readonly timeoutMs?: number;
}

/**
 * A call may reach a master more than once: an attempt without an answer may have been applied. So
 * requests must be idempotent, as all of ours are by the ids they carry.
 */
export interface LeaderClient {
  call<Request, Response>(
    method: RpcMethod<Request, Response>,
    request: Request,
    options?: LeaderCallOptions,
  ): Promise<Response>;
  /** The master that answered last as leader. */
  leader(): string | undefined;
  /** Ends searches under way; the `rpc` stays its owner's. */
  close(): void;
}

/** One search: which masters were asked since the last pause, and what each said last. */
interface Search {
  readonly startMs: number;
  readonly askedThisRound: Set<string>;
  readonly answers: Map<string, EngineError>;
  /** A leader named by a master, to be asked next. */
  hint: string | undefined;
}

function isAddress(text: string): boolean {
  return /^[^\s/@]+:\d{1,5}$/.test(text);
}

function mayRetry(error: EngineError): boolean {
  return error.code === "NOT_LEADER" || error.code === "UNAVAILABLE" || error.code === "DEADLINE";
}

function describeAnswers(answers: ReadonlyMap<string, EngineError>): string {
  const parts = [...answers].map(([address, error]) => {
    const message = error.message.length > 200 ? `${error.message.slice(0, 200)}…` : error.message;
    return `${address}: ${error.code} (${message})`;
  });
  return parts.join("; ");
}

export function createLeaderClient(options: LeaderClientOptions): LeaderClient {
  const { rpc, clock, masters, random } = options;
  const searchMsMax = options.searchMsMax ?? leaderSearchMsMax;
  const searchPauseMs = options.searchPauseMs ?? leaderSearchPauseMs;
  assert(masters.length > 0, "a leader client needs the address of at least one master");
  const wakers = new Set<() => void>();
  let leader: string | undefined;
  let turn = random === undefined ? 0 : random.below(masters.length);
  let isClosed = false;

  const pause = (): Promise<void> =>
    new Promise((resolve) => {
      const jitterMs = random === undefined ? 0 : random.below(searchPauseMs);
      const wake = (): void => {
        timer.cancel();
        wakers.delete(wake);
        resolve();
      };
      const timer = clock.after(searchPauseMs + jitterMs, wake);
      wakers.add(wake);
    });

  /** Whom to ask now; undefined when everyone was asked since the last pause. */
  const nextTarget = (search: Search): string | undefined => {
    const { askedThisRound } = search;
    // Hints may name masters that we were not told of, but not without end.
    if (askedThisRound.size >= masters.length + mastersMax) return undefined;
    for (const preferred of [search.hint, leader]) {
      if (preferred !== undefined && !askedThisRound.has(preferred)) return preferred;
    }
    // A hint may be old: whoever is named, every master is asked once before the next pause.
    for (let step = 0; step < masters.length; step++) {
      const candidate = masters[(turn + step) % masters.length];
      if (candidate === undefined || askedThisRound.has(candidate)) continue;
      turn = (turn + step + 1) % masters.length;
      return candidate;
    }
    return undefined;
  };

  const noteFailure = (search: Search, target: string, error: EngineError): void => {
    search.answers.set(target, error);
    if (leader === target) leader = undefined;
    if (search.hint === target) search.hint = undefined;
    const hint = error.code === "NOT_LEADER" ? error.details.leader : undefined;
    if (hint !== undefined && hint !== target && isAddress(hint)) search.hint = hint;
  };

  const giveUp = (search: Search, path: string): EngineError => {
    const searchedMs = Math.round(clock.nowMs() - search.startMs);
    const why = isClosed ? "this client was closed" : `no leader found within ${searchedMs} ms`;
    return new EngineError(
      "UNAVAILABLE",
      `${path}: ${why}; masters: ${masters.join(", ")}; last answers: ` +
        `${describeAnswers(search.answers) || "none"}; check that a majority of the masters runs ` +
        "and that these addresses reach them",
    );
  };

  const isOver = (search: Search): boolean =>
    isClosed || clock.nowMs() - search.startMs >= searchMsMax;

  return {
    call: async (method, request, callOptions = {}) => {
      const timeoutMs = callOptions.timeoutMs ?? rpcTimeoutMs;
      const search: Search = {
        startMs: clock.nowMs(),
        askedThisRound: new Set(),
        answers: new Map(),
        hint: undefined,
      };
      for (;;) {
        if (isClosed) throw giveUp(search, method.path);
        const target = nextTarget(search);
        if (target === undefined) {
          if (isOver(search)) throw giveUp(search, method.path);
          await pause();
          search.askedThisRound.clear();
          continue;
        }
        search.askedThisRound.add(target);
        try {
          const response = await rpc.call(target, method, request, { timeoutMs });
          leader = target;
          return response;
        } catch (thrown) {
          const error = toEngineError(thrown);
          if (!mayRetry(error)) throw error;
          noteFailure(search, target, error);
        }
        if (isOver(search)) throw giveUp(search, method.path);
      }
    },
    leader: () => leader,
    close: () => {
      isClosed = true;
      for (const wake of wakers) wake();
    },
  };
}
