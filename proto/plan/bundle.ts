// What a compiled job module offers: the meeting point of SDK (which is inside the bundle) and worker.

import type { ErrorRecord } from "../errors.ts";
import type { ColumnarFormat, ColumnarReadOptions, NodeId } from "./logical.ts";
import type { StageGraph } from "./stage.ts";
import type { Schema } from "./types.ts";

/** Everything about a job that every replay must see alike. */
export interface JobContext {
  readonly jobId: string;
  /** The raw parameters as submitted, before the schema parsed them. */
  readonly paramsJson: string;
  /** Seeds `mr.random()`. */
  readonly seed: number;
  /** What `mr.now()` answers, milliseconds since 1970. */
  readonly submittedWallMs: number;
  /** Relative paths of the job are resolved against this absolute folder. */
  readonly workingFolder: string;
}

export interface CommittedOutput {
  readonly folderUri: string;
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
}

/** Numbers by name, sorted by name. */
export type CounterValues = readonly (readonly [name: string, value: number])[];

/** Bytes of the outputs that an action made and that are kept, by the names of their stages. */
export type KeptSizes = readonly (readonly [name: string, bytes: number])[];

/** How an action ended; recorded in the replicated state, so that every replay continues past it. */
export type ActionOutcome =
  /** One part per task of the last stage, in task order: tagged JSON of rows (`rows-text.ts`) or of a count. */
  | {
      readonly kind: "result";
      readonly parts: readonly string[];
      /** Counts for the plan of the action that follows in the program. */
      readonly measured?: true;
      /** Sums over all tasks, each counted once, however often it ran; `max:…` names are maxima. */
      readonly counters?: CounterValues;
      /** As the graph had it. */
      readonly note?: string;
      readonly kept?: KeptSizes;
    }
  | {
      readonly kind: "committed";
      readonly output: CommittedOutput;
      readonly counters?: CounterValues;
      readonly kept?: KeptSizes;
    }
  | { readonly kind: "failed"; readonly error: ErrorRecord };

/**
 * What an action that is not over answers where something that earlier actions had kept is gone: it is to be
 * started again, under its number, with a plan that makes it anew.
 */
export interface Unplanned {
  readonly kind: "unplanned";
  /** Names of the stages whose kept outputs are still whole. */
  readonly kept: readonly string[];
}

export type ActionAnswer = ActionOutcome | Unplanned;

export interface InputFile {
  readonly uri: string;
  readonly sizeBytes: number;
}

/** What plans need to know of an output that is kept for them. */
export interface KeptOutput {
  /** Of its stage. */
  readonly name: string;
  readonly tasks: number;
  /** Undefined where only the run tells. */
  readonly schema: Schema | undefined;
  /** In its own encoding, or as many as the files below it have. */
  readonly bytes: number;
}

export interface PlannedAction {
  readonly graph: StageGraph;
  /** What later actions may read once this one has ended, by the ids of the `cache` nodes. */
  readonly keeps: ReadonlyMap<NodeId, KeptOutput>;
  /** Stable text for `explain`. */
  readonly text: {
    readonly logical: string;
    readonly optimised: string;
    readonly physical: string;
  };
}

/** How finely inputs are cut; the defaults stand in limits.ts. */
export interface PlanTargets {
  /** Input bytes of one map task. */
  readonly splitBytes: number;
  /** At least so many in the columns that are read, where a large input has enough of them; 0 where not set. */
  readonly splitReadBytes?: number;
  /** Input bytes per reduce partition, of which several small ones may be read together. */
  readonly partitionBytes: number;
  /** Of partitions that are read one by one, and of ranges of sorts; as `partitionBytes` where not set. */
  readonly wholeBytes?: number;
  /** Bytes of small partitions that one task reads together; 0: each has a task of its own. */
  readonly coalescedBytes: number;
  /** Of a side of a join that is sent whole, as files have them. */
  readonly broadcastBytes?: number;
}

/** What a running driver needs from its process. */
export interface DriverHost {
  /** Other cuts than the defaults: small ones let small inputs run as many tasks. */
  readonly planTargets?: PlanTargets;
  /** Matching input files in URI order. Throws INPUT_NOT_FOUND when there are none. */
  listInputs(pattern: string): Promise<readonly InputFile[]>;
  /** The columns of files that did not declare them, from footers or samples of the first files. */
  describeInput(
    format: ColumnarFormat,
    files: readonly InputFile[],
    options: ColumnarReadOptions,
  ): Promise<Schema>;
  /** How many rows files have, where their footers say it and that they fit; undefined where they are to be counted. */
  countRows?(
    format: ColumnarFormat,
    files: readonly InputFile[],
    schema: Schema,
  ): Promise<number | undefined>;
  /** Columns of which no two parts of files that one task reads whole share a value, as their footers tell. */
  clusteredColumns?(
    format: ColumnarFormat,
    files: readonly InputFile[],
    schema: Schema,
  ): Promise<readonly string[]>;
  /** The columns of a checkpoint, by its files; undefined where only the rows tell. */
  describeCheckpoint?(files: readonly InputFile[]): Promise<Schema | undefined>;
  /** Outcome of an action that an earlier driver of this job already finished, if any. */
  recordedOutcome(actionIndex: number, planDigest: string): Promise<ActionOutcome | undefined>;
  runAction(action: PlannedAction): Promise<ActionAnswer>;
  /** Where rows may be written for the driver to read piece by piece: a folder of this job alone, ending in '/'. */
  readonly scratchUri?: string;
  /** Lines of an output of text, in its order. */
  readLines?(folderUri: string): AsyncGenerator<readonly string[]>;
}

export interface ParamField {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
  readonly description: string;
  readonly defaultText?: string;
}

export interface JobDescription {
  readonly name: string;
  readonly params: readonly ParamField[];
}

export interface ReplayRequest {
  readonly context: JobContext;
  /** Outcomes of earlier actions by index; undefined for one that still runs beside the wanted one. */
  readonly history: readonly (ActionOutcome | undefined)[];
  readonly actionIndex: number;
  readonly planDigest: string;
  /** As of a driver. */
  readLines?(folderUri: string): AsyncGenerator<readonly string[]>;
  /** The step whose function is being called at this moment, which can do nothing that belongs to `run`. */
  functionRunning?(): string | undefined;
}

/** The user's functions by node id, with whatever they captured. */
export interface ReplayedClosures {
  closure(node: NodeId): (...args: never[]) => unknown;
  /** What the functions added to counters since the last time. */
  takeCounters(): Readonly<Record<string, number>>;
  /**
   * Lets the same run of the driver program go on to a later action, before which all outcomes are known: nothing
   * is run twice. Functions of the earlier action may then see what the program changed since.
   */
  goOn(request: ReplayRequest): Promise<void>;
}

/** The exports of a bundle. */
export interface JobBundle {
  describe(): JobDescription;
  /**
   * Command-line flags (`--input x --top 5`) to raw parameters by the job's schema.
   * Throws PARAMS_INVALID with every wrong field named.
   */
  parseFlags(flags: readonly string[]): { readonly paramsJson: string };
  /** Throws PARAMS_INVALID with every wrong field named. */
  checkParams(paramsJson: string): void;
  /** Runs the driver program to its end; returns what `run` returned, as tagged JSON (see values.ts). */
  drive(context: JobContext, host: DriverHost): Promise<string>;
  /** Runs the driver program up to the wanted action. Throws PLAN_DIVERGED naming the first differing node. */
  replay(request: ReplayRequest): Promise<ReplayedClosures>;
}
