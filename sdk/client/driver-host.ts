// What a driver program in this process is given: inputs listed here, actions run by the cluster.

import { EngineError, type ErrorCode, toEngineError } from "../../proto/errors.ts";
import { clusteredColumns } from "../../proto/formats/clustered-columns.ts";
import { committedLines } from "../../proto/formats/committed-files.ts";
import { countRows } from "../../proto/formats/count-rows.ts";
import { describeCheckpoint, describeInput } from "../../proto/formats/describe.ts";
import type {
  ActionAnswer,
  CommittedOutput,
  DriverHost,
  InputFile,
  PlannedAction,
} from "../../proto/plan/bundle.ts";
import { manifestName } from "../../proto/plan/manifest.ts";
import { isScratchFolder, jobScratch } from "../../proto/plan/scratch-folder.ts";
import type { ObjectStore } from "../../proto/ports/store.ts";
import { type DriverLease, runActionOverWire } from "../../proto/wire/action-calls.ts";
import type { ClientWorld, OnProgress } from "./world.ts";

/** Whether a folder, whose URI ends with '/', holds a committed output. */
async function isOutput(store: ObjectStore, pattern: string): Promise<boolean> {
  return pattern.endsWith("/") && (await store.stat(`${pattern}${manifestName}`)) !== undefined;
}

/** Files that match, in order. Throws INPUT_NOT_FOUND and, where none of them holds a byte, INPUT_EMPTY. */
export async function listInputs(
  store: ObjectStore,
  pattern: string,
): Promise<readonly InputFile[]> {
  const files = await store.list(pattern);
  if (files.length === 0) {
    if (await isOutput(store, pattern)) {
      const message = `the output ${pattern} was committed without rows; check the job that wrote it`;
      throw new EngineError("INPUT_EMPTY", message, { file: pattern });
    }
    const message = `no file matches ${pattern}; check the path, the bucket and the credentials`;
    throw new EngineError("INPUT_NOT_FOUND", message, { file: pattern });
  }
  if (files.every((file) => file.sizeBytes === 0)) {
    const all =
      files.length === 1 ? `${files[0]!.uri} is` : `all ${files.length} files of ${pattern} are`;
    const message = `${all} empty; check what writes there`;
    throw new EngineError("INPUT_EMPTY", message, { file: pattern });
  }
  return files;
}

/** These say that this process can drive no longer; anything else is for the driver program to meet. */
const endsDriving: readonly ErrorCode[] = [
  "LEASE_LOST",
  "JOB_CANCELLED",
  "JOB_NOT_FOUND",
  "UNAVAILABLE",
  "DEADLINE",
  "UNAUTHENTICATED",
  "FORBIDDEN",
];

export interface ClientDriverHost {
  readonly host: DriverHost;
  /** Rejects once the cluster lets this process drive no longer; never resolves. */
  readonly ended: Promise<never>;
  end(failure: EngineError): void;
  /** Of the actions that committed so far. */
  outputs(): readonly CommittedOutput[];
}

export function createDriverHost(
  world: Pick<ClientWorld, "leader" | "store" | "scratchUri">,
  lease: DriverLease,
  onProgress: OnProgress,
): ClientDriverHost {
  const committed = new Map<number, CommittedOutput>();
  let end: (failure: EngineError) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    end = reject;
  });
  // It may come when nobody drives any more.
  ended.catch(() => {});

  async function runAction({ graph }: PlannedAction): Promise<ActionAnswer> {
    const { actionIndex, label } = graph;
    const wired = { actionIndex, json: JSON.stringify(graph) };
    try {
      const outcome = await runActionOverWire(world.leader, lease, wired, ({ stages }) =>
        onProgress({ actionIndex, label, stages }),
      );
      if (outcome.kind === "committed" && !isScratchFolder(outcome.output.folderUri)) {
        committed.set(actionIndex, outcome.output);
      }
      return outcome;
    } catch (thrown) {
      const failure = toEngineError(thrown);
      if (!endsDriving.includes(failure.code)) throw failure;
      end(failure);
      // The driver program must not take the loss of its lease for a failure of the action, and catch it.
      return await new Promise<never>(() => {});
    }
  }

  const host: DriverHost = {
    describeInput: (format, files, options) => describeInput(world.store, format, files, options),
    countRows: (format, files, schema) => countRows(world.store, format, files, schema),
    clusteredColumns: (format, files, schema) =>
      clusteredColumns(world.store, format, files, schema),
    describeCheckpoint: (files) => describeCheckpoint(world.store, files),
    listInputs: (pattern) => listInputs(world.store, pattern),
    // This process is the first driver of its job, so nobody finished anything before it.
    recordedOutcome: async () => undefined,
    runAction,
    ...(world.scratchUri === undefined
      ? {}
      : { scratchUri: jobScratch(world.scratchUri, lease.jobId) }),
    readLines: (folderUri) => committedLines(world.store, folderUri),
  };
  const inOrder = (): CommittedOutput[] =>
    [...committed].sort(([a], [b]) => a - b).map(([, output]) => output);
  return { host, ended, end, outputs: inOrder };
}
