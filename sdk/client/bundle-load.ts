// Loads compiled job modules into this process: to describe them, to read their parameters, to drive them.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { EngineError } from "../../proto/errors.ts";
import type { JobBundle } from "../../proto/plan/bundle.ts";
import { isJob } from "../dataset/define-job.ts";
import type { BundledJob } from "./bundle.ts";
import { noDefaultJob } from "./bundle-errors.ts";
import { locateIn, moduleFolderPrefix } from "./source-places.ts";

const wanted = ["describe", "parseFlags", "checkParams", "drive", "replay"] as const;

function isJobBundle(module: object): module is JobBundle {
  const isWhole = wanted.every((name) => typeof Reflect.get(module, name) === "function");
  return isWhole && isJob(Reflect.get(module, "job"));
}

function loadFailure(thrown: unknown, { code, sha256, modulePath }: BundledJob): EngineError {
  if (thrown instanceof EngineError) {
    return thrown.code === "JOB_MODULE_NO_DEFAULT" ? noDefaultJob(modulePath, thrown) : thrown;
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new EngineError(
    "USER_CODE_FAILED",
    `${modulePath} failed while it was loaded: ${message}`,
    locateIn(code, sha256)(thrown),
    thrown,
  );
}

async function importCode(job: BundledJob): Promise<JobBundle> {
  const folder = await mkdtemp(join(tmpdir(), moduleFolderPrefix));
  try {
    const path = join(folder, `${job.sha256}.mjs`);
    await writeFile(path, job.code);
    const module = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as object;
    if (isJobBundle(module)) return module;
    throw noDefaultJob(job.modulePath);
  } catch (thrown) {
    throw loadFailure(thrown, job);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A process never unloads a module, so each is loaded once. */
const loaded = new Map<string, Promise<JobBundle>>();

/**
 * Throws JOB_MODULE_NO_DEFAULT, PLAN_INVALID for a bad definition, and USER_CODE_FAILED with the place
 * when the module throws while it loads.
 */
export async function loadBundle(job: BundledJob): Promise<JobBundle> {
  const known = loaded.get(job.sha256);
  if (known !== undefined) return await known;
  const loading = importCode(job);
  loaded.set(job.sha256, loading);
  loading.catch(() => loaded.delete(job.sha256));
  return await loading;
}
