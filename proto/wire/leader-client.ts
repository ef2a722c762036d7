// Finds the leader among the masters and stays with it: follows hints, rotates, gives up in time.

import { assert, EngineError, toEngineError } from "../errors.ts";
import { mastersMax, mastersRefreshMs } from "../limits/raft.ts";
import { leaderSearchMsMax, leaderSearchPauseMs, rpcTimeoutMs } from "../limits/rpc.ts";
import type { Clock } from "../ports/clock.ts";
import type { RandomStream } from "../ports/random.ts";
import type { RpcClient, RpcMethod } from "../ports/rpc.ts";
import type { MastersReply } from "./generated/engine.ts";
import { masterApi } from "./methods.ts";

export interface LeaderClientOptions {
  readonly rpc: RpcClient;
  readonly clock: Clock;
  /** Addresses of masters, `host:port`: where to begin. The leader tells of the others, and of new ones. */
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

/** Addresses of masters, as one of them told. */
type Told = readonly string[];

function isAddress(text: string): boolean {
  return /^[^\s/@]+:\d{1,5}$/.test(text);
}

/** Methods that are all answered by a `MastersReply`. */
const tellMasters = new Set(Object.values(masterApi).map(({ path }) => path));

/** The masters that an answer names; undefined for methods whose answers name none. */
function mastersIn(path: string, answer: unknown): Told | undefined {
  return tellMasters.has(path) ? (answer as MastersReply).addresses : undefined;
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

class SearchingClient implements LeaderClient {
  readonly #options: LeaderClientOptions;
  readonly #searchMsMax: number;
  readonly #searchPauseMs: number;
  readonly #wakers = new Set<() => void>();
  #leader: string | undefined;
  /** Where the next round begins, so that a dead first master does not cost every search. */
  #turn: number;
  #isClosed = false;
  /** Whom to look for: as the leader told last, then as given, in case those cannot be reached from here. */
  #masters: readonly string[];
  /** When the leader was asked for them, and which one. */
  #refreshed: { readonly atMs: number; readonly leader: string } | undefined;

  constructor(options: LeaderClientOptions) {
    assert(options.masters.length > 0, "a leader client needs the address of at least one master");
    this.#options = options;
    this.#masters = options.masters;
    this.#searchMsMax = options.searchMsMax ?? leaderSearchMsMax;
    this.#searchPauseMs = options.searchPauseMs ?? leaderSearchPauseMs;
    this.#turn = options.random?.below(options.masters.length) ?? 0;
  }

  async call<Request, Response>(
    method: RpcMethod<Request, Response>,
    request: Request,
    callOptions: LeaderCallOptions = {},
  ): Promise<Response> {
    const timeoutMs = callOptions.timeoutMs ?? rpcTimeoutMs;
    const search: Search = {
      startMs: this.#options.clock.nowMs(),
      askedThisRound: new Set(),
      answers: new Map(),
      hint: undefined,
    };
    for (;;) {
      if (this.#isClosed) throw this.#giveUp(search, method.path);
      const target = this.#nextTarget(search);
      if (target === undefined) {
        await this.#pause();
        search.askedThisRound.clear();
        continue;
      }
      search.askedThisRound.add(target);
      try {
        const response = await this.#options.rpc.call(target, method, request, { timeoutMs });
        this.#leader = target;
        // Who changes the masters is told of them with each change.
        const told = mastersIn(method.path, response);
        if (told === undefined) this.#refreshMasters(target);
        else this.#noteMasters(target, told);
        return response;
      } catch (thrown) {
        const error = toEngineError(thrown);
        if (!mayRetry(error)) throw error;
        this.#noteFailure(search, target, error);
      }
      const searchedMs = this.#options.clock.nowMs() - search.startMs;
      if (searchedMs >= this.#searchMsMax) throw this.#giveUp(search, method.path);
    }
  }

  leader(): string | undefined {
    return this.#leader;
  }

  close(): void {
    this.#isClosed = true;
    for (const wake of this.#wakers) wake();
  }

  /** Whom to ask now; undefined when everyone was asked since the last pause. */
  #nextTarget(search: Search): string | undefined {
    const { askedThisRound } = search;
    const masters = this.#masters;
    // Hints may name masters that we were not told of, but not without end.
    if (askedThisRound.size >= masters.length + mastersMax) return undefined;
    for (const preferred of [search.hint, this.#leader]) {
      if (preferred !== undefined && !askedThisRound.has(preferred)) return preferred;
    }
    // A hint may be old: whoever is named, every master is asked once before the next pause.
    for (let step = 0; step < masters.length; step++) {
      const place = (this.#turn + step) % masters.length;
      const candidate = masters[place];
      if (candidate === undefined || askedThisRound.has(candidate)) continue;
      this.#turn = (place + 1) % masters.length;
      return candidate;
    }
    return undefined;
  }

  /**
   * Beside the caller's business: masters come and go while a client runs, and in the end none of
   * those that it was given may be left. What fails is asked again with the next call.
   */
  #refreshMasters(leader: string): void {
    const atMs = this.#options.clock.nowMs();
    const before = this.#refreshed;
    if (before?.leader === leader && atMs - before.atMs < mastersRefreshMs) return;
    this.#refreshed = { atMs, leader };
    // What got lost is soon asked again: until it is answered, masters may come and go unseen.
    const timeoutMs = mastersRefreshMs;
    this.#options.rpc.call(leader, masterApi.list, {}, { timeoutMs }).then(
      ({ addresses }) => this.#noteMasters(leader, addresses),
      () => {
        this.#refreshed = undefined;
      },
    );
  }

  #noteMasters(leader: string, told: Told): void {
    const masters = told.filter(isAddress).slice(0, 2 * mastersMax);
    this.#masters = [...new Set([...masters, ...this.#options.masters])];
    this.#refreshed = { atMs: this.#options.clock.nowMs(), leader };
  }

  #noteFailure(search: Search, target: string, error: EngineError): void {
    search.answers.set(target, error);
    if (this.#leader === target) this.#leader = undefined;
    if (search.hint === target) search.hint = undefined;
    const hint = error.code === "NOT_LEADER" ? error.details.leader : undefined;
    if (hint !== undefined && hint !== target && isAddress(hint)) search.hint = hint;
  }

  #pause(): Promise<void> {
    const { clock, random } = this.#options;
    return new Promise((resolve) => {
      const wake = (): void => {
        timer.cancel();
        this.#wakers.delete(wake);
        resolve();
      };
      const jitterMs = random?.below(this.#searchPauseMs) ?? 0;
      const timer = clock.after(this.#searchPauseMs + jitterMs, wake);
      this.#wakers.add(wake);
    });
  }

  #giveUp(search: Search, path: string): EngineError {
    const searchedMs = Math.round(this.#options.clock.nowMs() - search.startMs);
    const noLeader = `no leader found within ${searchedMs} ms`;
    return new EngineError(
      "UNAVAILABLE",
      `${path}: ${this.#isClosed ? "this client was closed" : noLeader}; ` +
        `masters: ${this.#masters.join(", ")}; last answers: ` +
        `${describeAnswers(search.answers) || "none"}; check that a majority of the masters runs ` +
        "and that these addresses reach them",
    );
  }
}

export function createLeaderClient(options: LeaderClientOptions): LeaderClient {
  return new SearchingClient(options);
}
