// What commands need from the world; the composition root fills it in, lazily where it is costly.

import type { Log } from "../../proto/ports/log.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import type {
  ClusterView,
  JobView,
  LockView,
  MastersView,
  RecoveryView,
} from "../../proto/wire/views.ts";
import type { ClusterLock } from "../client/held-lock.ts";
import type { LockOptions } from "../client/lock-claim.ts";
import type { AttachedHooks } from "../client/submit-job.ts";
import type { CompiledJob, FinishedJob } from "../client/world.ts";
import type { ProgressOutput } from "./progress.ts";
import type { ProgramOptions } from "./run-program.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface LockCalls {
  /** Holds a lock for its lease, without renewing it. */
  claim(name: string, options: LockOptions): Promise<{ readonly token: number }>;
  /** Holds a lock and renews it until it is released. */
  hold(name: string, options: LockOptions): Promise<ClusterLock>;
  /** Whether it was held with this token. */
  release(name: string, token: number): Promise<boolean>;
  list(prefix: string): Promise<readonly LockView[]>;
}

/** A connection to a cluster. Every call rejects with an EngineError. */
export interface ClusterClient {
  /** Drives the job in this process to its end; rejects with the job's own error. */
  runAttached(job: CompiledJob, paramsJson: string, hooks: AttachedHooks): Promise<FinishedJob>;
  /** Hands the job over and answers its id. */
  submitDetached(job: CompiledJob, paramsJson: string): Promise<string>;
  /** Answers the state in which the job is now. */
  cancel(jobId: string, reason: string): Promise<string>;
  job(jobId: string): Promise<JobView>;
  jobs(): Promise<readonly JobView[]>;
  cluster(): Promise<ClusterView>;
  readonly masters: MasterCalls;
  readonly locks: LockCalls;
  close(): void;
}

/** What is asked of the masters about themselves. Each may be repeated, and then changes nothing. */
export interface MasterCalls {
  list(): Promise<MastersView>;
  /** Answers once it learns. `replaces`: the voter that leaves when it is promoted, or empty. */
  add(request: {
    readonly masterId: string;
    readonly address: string;
    readonly replaces: string;
  }): Promise<MastersView>;
  remove(request: { readonly masterId: string; readonly force: boolean }): Promise<MastersView>;
  transfer(request: { readonly masterId: string }): Promise<MastersView>;
}

export interface ConnectOptions {
  readonly masters: readonly string[];
  readonly token: string;
  /** How long a leader is looked for. */
  readonly searchMsMax?: number;
  /** Instead of what the environment says. */
  readonly scratchUri?: string;
}

export interface TokenQuery {
  readonly flag?: string | undefined;
  readonly file?: string | undefined;
  /** `MILLRACE_TOKEN` unless a node's is wanted. */
  readonly variable?: string;
}

export interface EmbeddedOptions {
  readonly threads: number;
  readonly heapMiB?: number;
  readonly memoryBytes?: number;
  readonly closureDeadlineMs?: number;
}

/** The cluster of `millrace run`: one child process and its temporary folder. */
export interface EmbeddedCluster {
  readonly token: string;
  /** Folder for rows on their way to `run`. */
  readonly scratchUri: string;
  /** Its address, once it serves; rejects when it could not start. */
  readonly serving: Promise<string>;
  /** Rejects when it ends before it was told to; never resolves. */
  readonly lost: Promise<never>;
  /** Ends the child in good order and removes the folder. */
  stop(): Promise<void>;
  /** The same at once, where everything that it was to do is done. */
  discard(): Promise<void>;
}

/** One embedded or remote process that serves until it is told to stop. */
export interface RunningNode {
  /** `host:port` as bound. */
  readonly address: string;
  stop(): Promise<void>;
}

export interface MasterOptions {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  readonly peers: ReadonlyMap<string, string>;
  /** Addresses of masters of the cluster to join; empty to found one. */
  readonly join: readonly string[];
  readonly dataFolder: string;
  /** Whether it may begin anew from the others when its log is damaged. */
  readonly heal: boolean;
  readonly clientToken: string;
  readonly nodeToken: string;
  readonly log: Log;
  readonly onFatal: (failure: unknown) => void;
}

export interface RecoveryOptions {
  /** The data folder of a master that is left. */
  readonly from: string;
  /** The folder to write, or nothing where it is only to be told what there is. */
  readonly to?: string | undefined;
  readonly address?: string | undefined;
}

export interface WorkerOptions {
  readonly id: string;
  readonly masters: readonly string[];
  readonly host: string;
  readonly port: number;
  readonly workFolder: string;
  readonly slots: number;
  readonly weight: number;
  readonly heapMiB?: number;
  readonly memoryBytes?: number;
  readonly closureDeadlineMs?: number;
  readonly nodeToken: string;
  readonly log: Log;
  readonly onFatal: (failure: unknown) => void;
}

export interface World {
  readonly version: string;
  readonly environment: Environment;
  readonly workingFolder: string;
  readonly cores: number;
  /** What an executor on this machine may use, unless told. */
  readonly executorBytes: number;
  readonly terminal: ProgressOutput;
  /** Results. Resolves once written; rejects with ReaderGone when nobody reads any more. */
  print(data: string | Uint8Array): Promise<void>;
  /** Progress, hints and logs. */
  note(text: string): void;
  nowMs(): number;
  wallMs(): number;
  pause(delayMs: number): Promise<void>;
  /**
   * Resolves at the first Ctrl-C, SIGTERM or SIGHUP with the exit code that tells of it. From this
   * call on these are the command's to handle; a second one ends the process at once.
   */
  interrupted(): Promise<number>;
  log(): Promise<Log>;
  readTextFile(path: string): Promise<string>;
  compile(path: string): Promise<CompiledJob>;
  store(): Promise<ObjectStore>;
  readToken(query: TokenQuery): Promise<string | undefined>;
  generateToken(): Promise<string>;
  connect(options: ConnectOptions): Promise<ClusterClient>;
  /** Runs another program on this terminal, and answers its exit code. */
  runProgram(command: readonly string[], options: ProgramOptions): Promise<number>;
  /** Runs the benchmark suite on this terminal, and answers its exit code. */
  runBench(args: readonly string[], options: ProgramOptions): Promise<number>;
  startEmbedded(options: EmbeddedOptions): EmbeddedCluster;
  startMaster(options: MasterOptions): Promise<RunningNode>;
  recoverMaster(options: RecoveryOptions): Promise<RecoveryView>;
  startWorker(options: WorkerOptions): Promise<RunningNode>;
}

/** Whoever read standard output went away, as `| head` does: nothing is wrong. */
export class ReaderGone extends Error {
  override name = "ReaderGone";
}
