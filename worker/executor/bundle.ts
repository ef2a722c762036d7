// Loads compiled job modules, verified by their hash, and replays drivers to get at the user's functions.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { EngineError, errorsOfProgram, toEngineError } from "../../proto/errors.ts";
import { committedLines, type FileReads } from "../../proto/formats/committed-files.ts";
import { replaysKeptMax } from "../../proto/limits.ts";
import type { JobBundle, ReplayedClosures, ReplayRequest } from "../../proto/plan/bundle.ts";
import type { TaskSpec } from "../../proto/ports/executor.ts";
import { engineErrorOfBundle, functionRunning, type Locate } from "../operators/user-code.ts";
import { bundlePath, sha256Of } from "./bundle-file.ts";
import type { ClosureLoader } from "./run.ts";
import { stackMapper } from "./source-places.ts";

export interface LoadedBundle {
  readonly bundle: JobBundle;
  readonly locate: Locate;
}

function readVerified(path: string, sha256: string): Buffer {
  let code: Buffer;
  try {
    code = readFileSync(path);
  } catch (cause) {
    throw new EngineError("BUNDLE_NOT_FOUND", `the job module ${sha256} is not here`, {}, cause);
  }
  const found = sha256Of(code);
  if (found === sha256) return code;
  throw new EngineError(
    "BUNDLE_HASH_MISMATCH",
    `the job module ${sha256} has the hash ${found}; it is not run`,
  );
}

/** What the user's module threw, outside of any operator. */
export function moduleFailure(thrown: unknown, locate: Locate, doing: string): EngineError {
  const known = thrown instanceof EngineError ? thrown : engineErrorOfBundle(thrown);
  if (known === undefined) {
    const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
    return new EngineError("USER_CODE_FAILED", `${doing}: ${message}`, locate(thrown), thrown);
  }
  const { code, message, details, cause } = known;
  if (!errorsOfProgram.has(code) || details.source !== undefined) return known;
  // Code of sources and sinks that the program brought is the user's, too.
  const place = locate(cause ?? known);
  return new EngineError(code, message, { ...details, ...place }, cause);
}

async function importBundle(folder: string, sha256: string): Promise<LoadedBundle> {
  const path = bundlePath(folder, sha256);
  readVerified(path, sha256);
  const url = pathToFileURL(path).href;
  const locate = stackMapper(url, () => readFileSync(path, "utf8"));
  let loaded: Partial<JobBundle>;
  try {
    loaded = (await import(url)) as Partial<JobBundle>;
  } catch (thrown) {
    throw moduleFailure(thrown, locate, "the job module failed to load");
  }
  if (typeof loaded.drive !== "function" || typeof loaded.replay !== "function") {
    throw new EngineError("JOB_MODULE_NO_DEFAULT", `the job module ${sha256} exports no job`);
  }
  return { bundle: loaded as JobBundle, locate };
}

/** Each module once per thread. A failed load is tried again. */
export class Bundles {
  private readonly folder: string;
  private readonly loading = new Map<string, Promise<LoadedBundle>>();

  constructor(folder: string) {
    this.folder = folder;
  }

  load(sha256: string): Promise<LoadedBundle> {
    const known = this.loading.get(sha256);
    if (known !== undefined) return known;
    const loading = importBundle(this.folder, sha256);
    this.loading.set(sha256, loading);
    loading.catch(() => this.loading.delete(sha256));
    return loading;
  }
}

const consoleMethods = ["log", "info", "warn", "error", "debug"] as const;

/** A replay repeats what the driver printed already. */
async function withoutConsole<Result>(run: () => Promise<Result>): Promise<Result> {
  const before = consoleMethods.map((name) => console[name]);
  for (const name of consoleMethods) console[name] = () => undefined;
  try {
    return await run();
  } finally {
    for (const [index, name] of consoleMethods.entries()) console[name] = before[index]!;
  }
}

/** A driver program of a job that stands at one of its actions. */
interface Standing {
  readonly actionIndex: number;
  readonly planDigest: string;
  readonly replayed: ReplayedClosures;
  readonly locate: Locate;
}

/** Reads what the program reads again. */
interface Reading {
  readonly store: FileReads;
  /** Told with each piece: a program that reads for long does not stand still. */
  moved(): void;
}

function requestOf(spec: TaskSpec, { store, moved }: Reading): ReplayRequest {
  const { context, history, actionIndex, planDigest } = spec;
  async function* readLines(folderUri: string): AsyncGenerator<readonly string[]> {
    for await (const lines of committedLines(store, folderUri)) {
      moved();
      yield lines;
    }
  }
  return { context, history, actionIndex, planDigest, readLines, functionRunning };
}

async function begin(bundles: Bundles, reading: Reading, spec: TaskSpec): Promise<Standing> {
  const { bundle, locate } = await bundles.load(spec.bundleSha256);
  const { actionIndex, planDigest } = spec;
  return located(locate, async () => {
    const replayed = await bundle.replay(requestOf(spec, reading));
    return { actionIndex, planDigest, replayed, locate };
  });
}

async function goOn(standing: Standing, reading: Reading, spec: TaskSpec): Promise<Standing> {
  const { replayed, locate } = standing;
  const { actionIndex, planDigest } = spec;
  return located(locate, async () => {
    await replayed.goOn(requestOf(spec, reading));
    return { actionIndex, planDigest, replayed, locate };
  });
}

async function located(locate: Locate, run: () => Promise<Standing>): Promise<Standing> {
  try {
    return await withoutConsole(run);
  } catch (thrown) {
    throw moduleFailure(thrown, locate, "the job's run function failed while it was replayed");
  }
}

function isWhole({ history, actionIndex }: TaskSpec): boolean {
  for (let index = 0; index < actionIndex; index++) {
    if (history[index] === undefined) return false;
  }
  return true;
}

/**
 * One replay per job and thread, which goes on from action to action; one of its own for a task of an earlier
 * action, or of one that runs beside others. The last few are kept.
 */
export function closureLoader(bundles: Bundles, store: FileReads): ClosureLoader {
  const replays = new Map<string, Promise<Standing>>();

  async function standingAt(
    spec: TaskSpec,
    reading: Reading,
    before: Promise<Standing> | undefined,
  ): Promise<Standing> {
    const standing = await before;
    if (standing === undefined) return begin(bundles, reading, spec);
    if (standing.actionIndex < spec.actionIndex) return goOn(standing, reading, spec);
    return standing.planDigest === spec.planDigest ? standing : begin(bundles, reading, spec);
  }

  return {
    load: async (spec, moved) => {
      const { context, actionIndex, bundleSha256 } = spec;
      const job = `${context.jobId}/${bundleSha256}`;
      const own = `${job}/${actionIndex}`;
      const name = isWhole(spec) && !replays.has(own) ? job : own;
      const known = replays.get(name);
      const stands = (await known)?.actionIndex ?? -1;
      // A program does not go back.
      const [key, before] = stands <= actionIndex ? [name, known] : [own, replays.get(own)];
      const standing = standingAt(spec, { store, moved }, before);
      replays.delete(key);
      replays.set(key, standing);
      for (const oldest of replays.keys()) {
        if (replays.size <= replaysKeptMax) break;
        replays.delete(oldest);
      }
      try {
        const { replayed, locate } = await standing;
        return {
          closure: (node) => replayed.closure(node),
          takeCounters: () => replayed.takeCounters(),
          locate,
        };
      } catch (thrown) {
        replays.delete(key);
        throw toEngineError(thrown);
      }
    },
  };
}
