// Lists files below a folder in the order of their URIs, entering only folders that can hold a match.
import { type Dir, type Dirent, promises as fs, opendirSync, statSync } from "node:fs";
import { EngineError } from "../errors.ts";
import { listedFoldersDeepMax, listedObjectsMax } from "../limits/store.ts";
import { compileGlob, globLiteralPrefix, isGlob } from "../plan/glob.ts";
import type { NameRange, ObjectInfo } from "../ports/store.ts";
import { errnoOf, fileFailure, fileUriOfPath, pathOfFileUri } from "./store-file-errors.ts";
import { compareUriBytes, isHiddenName, isWithin, sortedByBytes } from "./store-names.ts";

/** Which folders to enter and which names to take; folders are absolute paths that end in '/'. */
interface Choice {
  readonly enters: (folder: string, name: string) => boolean;
  /** Asked once for each folder: of a million files, whatever is done for each counts. */
  readonly takesIn: (folder: string) => (name: string) => boolean;
}

/** Files of one folder, some of them: there may be a million. */
interface FolderPart {
  readonly folder: string;
  readonly names: readonly string[];
}

export async function listFiles(
  pattern: string,
  within?: NameRange,
): Promise<readonly ObjectInfo[]> {
  const path = pathOfFileUri(pattern);
  try {
    const infos: ObjectInfo[] = [];
    for await (const part of partsOf(path, isGlob(pattern), within)) addInfos(part, infos);
    return infos;
  } catch (error) {
    throw fileFailure(error, `list ${pattern}`);
  }
}

/** Whether names that begin so may lie in the range. */
function mayLieWithin(start: string, { first, last }: NameRange): boolean {
  if (first.startsWith(start) || last.startsWith(start)) return true;
  return compareUriBytes(start, first) > 0 && compareUriBytes(start, last) < 0;
}

async function* partsOf(
  path: string,
  glob: boolean,
  within: NameRange | undefined,
): AsyncIterable<FolderPart> {
  if (!glob && !path.endsWith("/")) {
    const stat = await fs.stat(path).catch(undefinedWhenAbsent);
    if (stat === undefined) return;
    if (!stat.isDirectory()) {
      const slash = path.lastIndexOf("/") + 1;
      yield { folder: path.slice(0, slash), names: [path.slice(slash)] };
      return;
    }
  }
  const shown = within === undefined ? showsAll : showsWithin(within);
  if (!glob) {
    yield* walkParts(path.endsWith("/") ? path : `${path}/`, shown);
    return;
  }
  const compiled = compileGlob(path);
  const prefix = globLiteralPrefix(path);
  yield* walkParts(prefix.slice(0, prefix.lastIndexOf("/") + 1), {
    enters: (folder, name) =>
      shown.enters(folder, name) && compiled.mayMatchBelow(`${folder}${name}`),
    takesIn: (folder) => {
      const [isShown, matches] = [shown.takesIn(folder), compiled.inFolder(folder.slice(0, -1))];
      return (name) => isShown(name) && matches(name);
    },
  });
}

const isShownName = (name: string): boolean => !isHiddenName(name);
const showsAll: Choice = {
  enters: (_folder, name) => isShownName(name),
  takesIn: () => isShownName,
};

function showsWithin(range: NameRange): Choice {
  return {
    enters: (folder, name) =>
      isShownName(name) && mayLieWithin(fileUriOfPath(`${folder}${name}/`), range),
    takesIn: (folder) => (name) =>
      isShownName(name) && isWithin(fileUriOfPath(`${folder}${name}`), range),
  };
}

/** Every file below the folder whose name is wanted, hidden ones too, links followed; an absent folder is empty. */
export async function filesNamed(
  folder: string,
  isWanted: (name: string) => boolean,
): Promise<readonly string[]> {
  const choice = { enters: () => true, takesIn: () => isWanted };
  const found: string[] = [];
  for await (const part of walkParts(folder.endsWith("/") ? folder : `${folder}/`, choice)) {
    for (const name of part.names) found.push(part.folder + name);
  }
  return found;
}

/**
 * In the order of whole paths: a folder stands among its neighbours as its name with a '/' does. Between parts others
 * have their turn.
 */
async function* walkParts(top: string, choice: Choice): AsyncIterable<FolderPart> {
  let found = 0;
  async function* below(folder: string, depth: number): AsyncIterable<FolderPart> {
    if (depth > listedFoldersDeepMax) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `${folder} is more than ${listedFoldersDeepMax} folders below ${top}; ` +
          "is there a symbolic link to a folder above it?",
      );
    }
    const chosen = await chosenIn(folder, choice, listedObjectsMax - found);
    if (chosen === undefined) {
      throw new EngineError(
        "LIMIT_EXCEEDED",
        `more than ${listedObjectsMax} files match below ${top}; narrow the pattern`,
      );
    }
    let names: string[] = [];
    for (const name of chosen) {
      const isFolderName = name.endsWith("/");
      if (!isFolderName) names.push(name);
      if (!isFolderName && names.length < namesTogether) continue;
      found += names.length;
      yield { folder, names };
      if (names.length === namesTogether) await othersTurn();
      names = [];
      if (isFolderName) yield* below(folder + name, depth + 1);
    }
    found += names.length;
    yield { folder, names };
  }
  yield* below(top, 0);
}

/** Names of files, and of folders with a '/' behind, in order; undefined for more files than `filesMax`. */
async function chosenIn(
  folder: string,
  { enters, takesIn }: Choice,
  filesMax: number,
): Promise<readonly string[] | undefined> {
  const takes = takesIn(folder);
  const names: string[] = [];
  let files = 0;
  for await (const entries of entriesOf(folder)) {
    for (const entry of entries) {
      const { name } = entry;
      if (isFolder(entry, folder)) {
        if (enters(folder, name)) names.push(`${name}/`);
      } else if (takes(name)) {
        names.push(name);
        files++;
      }
    }
    if (files > filesMax) return undefined;
  }
  return sortedByBytes(names);
}

/** Names taken at once: between them others have their turn. */
const namesTogether = 1024;

const othersTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function* entriesOf(folder: string): AsyncIterable<readonly Dirent[]> {
  const open = openFolder(folder);
  if (open === undefined) return;
  try {
    for (let entries = someOf(open); entries.length > 0; entries = someOf(open)) {
      yield entries;
      await othersTurn();
    }
  } finally {
    open.closeSync();
  }
}

/** Undefined for what is no folder, or is none any more. */
function openFolder(folder: string): Dir | undefined {
  try {
    return opendirSync(folder, { bufferSize: namesTogether });
  } catch (error) {
    if (errnoOf(error) === "ENOTDIR") return undefined;
    return undefinedWhenAbsent(error);
  }
}

function someOf(open: Dir): readonly Dirent[] {
  const entries: Dirent[] = [];
  while (entries.length < namesTogether) {
    const entry = open.readSync();
    if (entry === null) break;
    entries.push(entry);
  }
  return entries;
}

function isFolder(entry: Dirent, folder: string): boolean {
  if (!entry.isSymbolicLink()) return entry.isDirectory();
  return statSync(folder + entry.name, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

export function undefinedWhenAbsent(error: unknown): undefined {
  if (errnoOf(error) !== "ENOENT") throw error;
}

/** Sizes are asked for by calls of this thread: of a million files each other way takes several times as long. */
function addInfos({ folder, names }: FolderPart, infos: ObjectInfo[]): void {
  const folderUri = fileUriOfPath(folder);
  for (const name of names) {
    const stat = statSync(folder + name, { throwIfNoEntry: false });
    // A file that vanished since, a dangling link, or a pipe: nothing that could be read.
    if (!stat?.isFile()) continue;
    infos.push({ uri: folderUri + name.replaceAll("%", "%25"), sizeBytes: stat.size });
  }
}
