// Loads compiled job modules, verified by their hash, and replays drivers to get at the user's functions.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { EngineError, toEngineError } from "../../proto/errors.ts";
import { replaysKeptMax } from "../../proto/limits.ts";
import type { JobBundle } from "../../proto/plan/bundle.ts";
import type { TaskSpec } from "../../proto/ports/executor.ts";
import { engineErrorOfBundle, type Locate } from "../operators/user-code.ts";
import { bundlePath, sha256Of } from "./bundle-file.ts";
import type { ClosureLoader, LoadedClosures } from "./run.ts";
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
  if (thrown instanceof EngineError) return thrown;
  const known = engineErrorOfBundle(thrown);
  if (known !== undefined) return known;
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EngineError("USER_CODE_FAILED", `${doing}: ${message}`, locate(thrown), thrown);
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

async function replay(bundles: Bundles, spec: TaskSpec): Promise<LoadedClosures> {
  const { bundle, locate } = await bundles.load(spec.bundleSha256);
  const { context, history, actionIndex, planDigest } = spec;
  try {
    const replayed = await withoutConsole(() =>
      bundle.replay({ context, history, actionIndex, planDigest }),
    );
    return {
      closure: (node) => replayed.closure(node),
      takeCounters: () => replayed.takeCounters(),
      locate,
    };
  } catch (thrown) {
    throw moduleFailure(thrown, locate, "the job's run function failed while it was replayed");
  }
}

/** One replay per action and thread; the last few are kept. */
export function closureLoader(bundles: Bundles): ClosureLoader {
  const replays = new Map<string, Promise<LoadedClosures>>();
  return {
    load: (spec) => {
      const { context, actionIndex, planDigest, bundleSha256 } = spec;
      const name = [context.jobId, actionIndex, planDigest, bundleSha256].join("/");
      const known = replays.get(name);
      if (known !== undefined) return known;
      const loading = replay(bundles, spec).catch((thrown: unknown) => {
        replays.delete(name);
        throw toEngineError(thrown);
      });
      replays.set(name, loading);
      if (replays.size > replaysKeptMax) {
        for (const oldest of replays.keys()) {
          replays.delete(oldest);
          break;
        }
      }
      return loading;
    },
  };
}
