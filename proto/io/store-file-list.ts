// Lists files below a folder, entering only folders that can hold a match.
import { type Dirent, promises as fs } from "node:fs";
import { posix } from "node:path";
import { EngineError } from "../errors.ts";
import { listedFoldersDeepMax, listedObjectsMax } from "../limits.ts";
import { compileGlob, globLiteralPrefix, isGlob } from "../plan/glob.ts";
import type { ObjectInfo } from "../ports/store.ts";
import { errnoOf, fileFailure, fileUriOfPath, pathOfFileUri } from "./store-file-errors.ts";
import { isSkipped, sortedByUri } from "./store-names.ts";

/** Which folders to enter and which names to take; paths are absolute. */
interface Choice {
  readonly enters: (folder: string) => boolean;
  readonly takes: (file: string) => boolean;
}

export async function listFiles(pattern: string): Promise<readonly ObjectInfo[]> {
  const path = pathOfFileUri(pattern);
  try {
    return sortedByUri(await infosOf(await pathsOf(path, isGlob(pattern))));
  } catch (error) {
    throw fileFailure(error, `list ${pattern}`);
  }
}

async function pathsOf(path: string, glob: boolean): Promise<readonly string[]> {
  if (glob) {
    const compiled = compileGlob(path);
    const prefix = globLiteralPrefix(path);
    const from = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    return walk(from, {
      enters: (folder) => !isSkipped(folder, prefix) && compiled.mayMatchBelow(folder),
      takes: (file) => !isSkipped(file, prefix) && compiled.matches(file),
    });
  }
  if (!path.endsWith("/")) {
    const stat = await fs.stat(path).catch(undefinedWhenAbsent);
    if (stat === undefined) return [];
    if (!stat.isDirectory()) return [path];
  }
  const folder = path.endsWith("/") ? path : `${path}/`;
  const shown = (name: string) => !isSkipped(name, folder);
  return walk(folder, { enters: shown, takes: shown });
}

/** Every file below the folder that `choice` takes, links followed; an absent folder is empty. */
export async function walk(folder: string, choice: Choice): Promise<string[]> {
  const found: string[] = [];
  const open = [{ folder: folder.endsWith("/") ? folder : `${folder}/`, depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.depth > listedFoldersDeepMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `${at.folder} is more than ${listedFoldersDeepMax} folders below ${folder}; ` +
          "is there a symbolic link to a folder above it?",
      );
    }
    for (const entry of await entriesOf(at.folder)) {
      const path = at.folder + entry.name;
      if (await isFolder(entry, path)) {
        if (choice.enters(path)) open.push({ folder: `${path}/`, depth: at.depth + 1 });
      } else if (choice.takes(path)) found.push(path);
    }
    if (found.length > listedObjectsMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `more than ${listedObjectsMax} files match below ${folder}; narrow the pattern`,
      );
    }
  }
  return found;
}

function entriesOf(folder: string): Promise<readonly Dirent[]> {
  return fs.readdir(folder, { withFileTypes: true }).catch((error) => {
    if (errnoOf(error) === "ENOTDIR") return [];
    return undefinedWhenAbsent(error) ?? [];
  });
}

async function isFolder(entry: Dirent, path: string): Promise<boolean> {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  const target = await fs.stat(path).catch(undefinedWhenAbsent);
  return target?.isDirectory() ?? false;
}

export function undefinedWhenAbsent(error: unknown): undefined {
  if (errnoOf(error) !== "ENOENT") throw error;
}

/** Sizes are asked for some at a time: one after the other is slow, all at once is unbounded. */
async function infosOf(paths: readonly string[]): Promise<readonly ObjectInfo[]> {
  const together = 64;
  const infos: ObjectInfo[] = [];
  for (let start = 0; start < paths.length; start += together) {
    const some = paths.slice(start, start + together);
    const stats = await Promise.all(some.map((path) => fs.stat(path).catch(undefinedWhenAbsent)));
    for (const [i, stat] of stats.entries()) {
      // A file that vanished since, a dangling link, or a pipe: nothing that could be read.
      if (!stat?.isFile()) continue;
      infos.push({ uri: fileUriOfPath(posix.normalize(some[i] ?? "")), sizeBytes: stat.size });
    }
  }
  return infos;
}
