// Lists files below a folder, entering only folders that can hold a match.
import { type Dir, type Dirent, promises as fs, opendirSync, statSync } from "node:fs";
import { posix } from "node:path";
import { EngineError } from "../errors.ts";
import { listedFoldersDeepMax, listedObjectsMax } from "../limits/store.ts";
import { compileGlob, globLiteralPrefix, isGlob } from "../plan/glob.ts";
import type { NameRange, ObjectInfo } from "../ports/store.ts";
import { errnoOf, fileFailure, fileUriOfPath, pathOfFileUri } from "./store-file-errors.ts";
import { compareUriBytes, isSkipped, isWithin, sortedByUri } from "./store-names.ts";

/** Which folders to enter and which names to take; paths are absolute. */
interface Choice {
  readonly enters: (folder: string) => boolean;
  readonly takes: (file: string) => boolean;
}

export async function listFiles(
  pattern: string,
  within?: NameRange,
): Promise<readonly ObjectInfo[]> {
  const path = pathOfFileUri(pattern);
  try {
    const infos: ObjectInfo[] = [];
    for await (const paths of pathsOf(path, isGlob(pattern), within)) addInfos(paths, infos);
    return sortedByUri(infos);
  } catch (error) {
    throw fileFailure(error, `list ${pattern}`);
  }
}

const uriOf = (path: string): string => fileUriOfPath(posix.normalize(path));

/** Whether names that begin so may lie in the range. */
function mayLieWithin(start: string, { first, last }: NameRange): boolean {
  if (first.startsWith(start) || last.startsWith(start)) return true;
  return compareUriBytes(start, first) > 0 && compareUriBytes(start, last) < 0;
}

async function* pathsOf(
  path: string,
  glob: boolean,
  within: NameRange | undefined,
): AsyncIterable<readonly string[]> {
  const isWanted = (file: string) => within === undefined || isWithin(uriOf(file), within);
  const mayHold = (folder: string) =>
    within === undefined || mayLieWithin(`${uriOf(folder)}/`, within);
  if (glob) {
    const compiled = compileGlob(path);
    const prefix = globLiteralPrefix(path);
    const from = prefix.slice(0, prefix.lastIndexOf("/") + 1);
    yield* walkParts(from, {
      enters: (folder) =>
        !isSkipped(folder, prefix) && compiled.mayMatchBelow(folder) && mayHold(folder),
      takes: (file) => !isSkipped(file, prefix) && compiled.matches(file) && isWanted(file),
    });
    return;
  }
  if (!path.endsWith("/")) {
    const stat = await fs.stat(path).catch(undefinedWhenAbsent);
    if (stat === undefined) return;
    if (!stat.isDirectory()) {
      yield [path];
      return;
    }
  }
  const folder = path.endsWith("/") ? path : `${path}/`;
  const shown = (name: string) => !isSkipped(name, folder);
  yield* walkParts(folder, {
    enters: (below) => shown(below) && mayHold(below),
    takes: (file) => shown(file) && isWanted(file),
  });
}

/** Every file below the folder that `choice` takes, links followed; an absent folder is empty. */
export async function walk(folder: string, choice: Choice): Promise<string[]> {
  const found: string[] = [];
  for await (const paths of walkParts(folder, choice)) found.push(...paths);
  return found;
}

/** The same some at a time; between them others have their turn. */
async function* walkParts(folder: string, choice: Choice): AsyncIterable<readonly string[]> {
  let found = 0;
  const open = [{ folder: folder.endsWith("/") ? folder : `${folder}/`, depth: 0 }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at.depth > listedFoldersDeepMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `${at.folder} is more than ${listedFoldersDeepMax} folders below ${folder}; ` +
          "is there a symbolic link to a folder above it?",
      );
    }
    for await (const entries of entriesOf(at.folder)) {
      const taken: string[] = [];
      for (const entry of entries) {
        const path = at.folder + entry.name;
        if (isFolder(entry, path)) {
          if (choice.enters(path)) open.push({ folder: `${path}/`, depth: at.depth + 1 });
        } else if (choice.takes(path)) taken.push(path);
      }
      found += taken.length;
      yield taken;
    }
    if (found > listedObjectsMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `more than ${listedObjectsMax} files match below ${folder}; narrow the pattern`,
      );
    }
  }
}

/** Entries read at once: a folder of a million files is never held as entries, and others have their turn. */
const entriesTogether = 1024;

async function* entriesOf(folder: string): AsyncIterable<readonly Dirent[]> {
  const open = openFolder(folder);
  if (open === undefined) return;
  try {
    for (let entries = someOf(open); entries.length > 0; entries = someOf(open)) {
      yield entries;
      await new Promise((resolve) => setImmediate(resolve));
    }
  } finally {
    open.closeSync();
  }
}

/** Undefined for what is no folder, or is none any more. */
function openFolder(folder: string): Dir | undefined {
  try {
    return opendirSync(folder, { bufferSize: entriesTogether });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    return undefinedWhenAbsent(error);
  }
}

function someOf(open: Dir): readonly Dirent[] {
  const entries: Dirent[] = [];
  while (entries.length < entriesTogether) {
    const entry = open.readSync();
    if (entry === null) break;
    entries.push(entry);
  }
  return entries;
}

function isFolder(entry: Dirent, path: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function undefinedWhenAbsent(error: unknown): undefined {
  if (errnoOf(error) !== "ENOENT") throw error;
}

/** Sizes are asked for by calls of this thread: of a million files each other way takes several times as long. */
function addInfos(paths: readonly string[], infos: ObjectInfo[]): void {
  for (const path of paths) {
    const stat = statSync(path, { throwIfNoEntry: false });
    // A file that vanished since, a dangling link, or a pipe: nothing that could be read.
    if (stat?.isFile()) infos.push({ uri: uriOf(path), sizeBytes: stat.size });
  }
}
