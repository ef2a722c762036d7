// Compiled jobs of this process, kept while nothing changes that the compiler looked at.
//
// A job is kept only where that is certain: all its imports are relative, lead through no symbolic links, and nothing
// they were found by was changed so shortly before that a change after it could bear the same time.

import { statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import type { Metafile } from "esbuild";

/** Each may be as large as a bundle: a process that submits more kinds of jobs in turn compiles again. */
const keptMax = 8;

/** Coarser than the times of any file system in use. */
const timeStepMs = 2000;

interface Seen {
  /** Of each path; "none" where there is nothing. */
  readonly states: readonly string[];
  readonly newestMs: number;
}

function look(paths: readonly string[]): Seen {
  let newestMs = 0;
  const states = paths.map((path) => {
    const found = statSync(path, { bigint: true, throwIfNoEntry: false });
    if (found === undefined) return "none";
    // Unlike the time of modification, that of change cannot be set.
    newestMs = Math.max(newestMs, Number(found.ctimeMs));
    return `${found.dev} ${found.ino} ${found.size} ${found.ctimeNs}`;
  });
  return { states, newestMs };
}

const withoutExtension = (path: string): string =>
  path.slice(0, path.length - extname(path).length);

/** Whether it is where its text says, but for what an extension or an index file adds. */
function isPlain(importer: string, original: string, found: string): boolean {
  if (!/^\.\.?\//.test(original)) return false;
  const said = withoutExtension(join(dirname(importer), original));
  return found.startsWith(said) && /^(\/index)?(\.\w+)*$/.test(found.slice(said.length));
}

function addFolders(paths: Set<string>, file: string): void {
  const folder = dirname(file);
  // A new file may come before the one that was found, here or beside a folder with an index file.
  paths.add(folder);
  if (basename(file).startsWith("index.")) paths.add(dirname(folder));
  for (let at = folder; ; at = dirname(at)) {
    paths.add(join(at, "package.json"));
    if (at === dirname(at)) return;
  }
}

/**
 * All that decides what is compiled. Undefined where that is more than can be told from the imports.
 * `folder`: which the paths of the compiler begin in. `own`: what is ours, by its names in the compiler's paths.
 */
export function decidingPaths(
  { inputs }: Metafile,
  folder: string,
  own: readonly string[],
): readonly string[] | undefined {
  const paths = new Set<string>();
  for (const [name, { imports }] of Object.entries(inputs)) {
    if (own.includes(name)) continue;
    const file = resolve(folder, name);
    paths.add(file);
    addFolders(paths, file);
    for (const { path, original, external } of imports) {
      if (external === true || own.includes(path)) continue;
      if (original === undefined) return undefined;
      if (!isPlain(file, original, resolve(folder, path))) return undefined;
    }
  }
  return [...paths];
}

interface Kept<Job> {
  readonly job: Job;
  readonly paths: readonly string[];
  readonly states: readonly string[];
}

export class KeptBundles<Job> {
  /** By key, the one that was asked for last at the end. */
  private readonly kept = new Map<string, Kept<Job>>();

  /** What was compiled under the key, as long as it would be compiled to the same again. */
  find(key: string): Job | undefined {
    const found = this.kept.get(key);
    if (found === undefined) return undefined;
    this.kept.delete(key);
    const { states } = look(found.paths);
    if (states.some((state, at) => state !== found.states[at])) return undefined;
    this.kept.set(key, found);
    return found.job;
  }

  /** `startedWallMs`: when compiling began. What was changed since then, or just before, is not kept. */
  keep(key: string, job: Job, paths: readonly string[], startedWallMs: number): void {
    const { states, newestMs } = look(paths);
    if (newestMs > startedWallMs - timeStepMs) return;
    this.kept.set(key, { job, paths, states });
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= keptMax) return;
      this.kept.delete(oldest);
    }
  }
}
