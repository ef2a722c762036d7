// A disk in memory that loses what was not synced, tears it, rots, and fails on demand.

import { isZeroFrom } from "../checksum/zeros.ts";
import { EngineError } from "../errors.ts";
import type { AppendFile, Disk } from "../ports/disk.ts";

export interface DiskOperation {
  readonly kind: "list" | "read" | "open" | "append" | "sync" | "truncate" | "write" | "remove";
  readonly path: string;
  readonly bytes: number;
}

/** Of a failing append, `writtenBytes` reach the file nevertheless. */
export interface DiskFault {
  readonly error: EngineError;
  readonly writtenBytes?: number;
}

export interface MemoryDisk extends Disk {
  /** Decides before each operation whether it fails. Replace it at any time. */
  fault: (operation: DiskOperation) => DiskFault | undefined;
  /** From now on every operation waits, without failing, until the answer is called. */
  hang(): () => void;
  readonly syncCount: () => number;
  /**
   * The disk after a loss of power; this one refuses everything from now on. Of the bytes that were
   * appended to a file but not synced, the first `tornBytes(path, unsynced)` survive; by default
   * none.
   */
  crash(tornBytes?: (path: string, unsyncedBytes: number) => number): MemoryDisk;
  /** Paths of all files, sorted. */
  paths(): readonly string[];
  /** What is in a file now, synced or not. */
  peek(path: string): Uint8Array | undefined;
  /** Puts bytes there behind everyone's back, durably: how rot and foreign files are made. */
  poke(path: string, bytes: Uint8Array): void;
}

interface File {
  buffer: Uint8Array;
  length: number;
  syncedLength: number;
  /** How long the file is on the disk: zeros lie between what was appended and here. */
  allocated: number;
  /** Durable bytes that a truncation removed without a sync since: a crash brings them back. */
  cut: { readonly at: number; readonly bytes: Uint8Array } | undefined;
}

interface State {
  readonly files: Map<string, File>;
  isDead: boolean;
  hanging: Promise<void> | undefined;
  syncs: number;
}

/** Passes, or applies what a fault does to the file and throws its error. */
type Begin = (
  kind: DiskOperation["kind"],
  path: string,
  bytes?: number,
  onFault?: (fault: DiskFault) => void,
) => Promise<void>;

function fileOf(bytes: Uint8Array): File {
  const { length } = bytes;
  const allocated = length;
  return { buffer: bytes.slice(), length, syncedLength: length, allocated, cut: undefined };
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const file = fileOf(new Uint8Array(0));
  for (const part of parts) grow(file, part);
  return file.buffer.subarray(0, file.length);
}

function grow(file: File, bytes: Uint8Array): void {
  const length = file.length + bytes.length;
  if (length > file.buffer.length) {
    const larger = new Uint8Array(Math.max(length, file.buffer.length * 2, 256));
    larger.set(file.buffer.subarray(0, file.length));
    file.buffer = larger;
  }
  file.buffer.set(bytes, file.length);
  file.length = length;
}

/** What was appended, then zeros as far as the file was extended. */
function wholeOf(file: File, length: number): Uint8Array {
  const bytes = new Uint8Array(Math.max(length, file.allocated));
  bytes.set(file.buffer.subarray(0, length));
  return bytes;
}

function shrink(file: File, sizeBytes: number): void {
  if (sizeBytes < file.syncedLength) {
    const before = file.cut === undefined ? new Uint8Array(0) : file.cut.bytes;
    const bytes = new Uint8Array(file.syncedLength - sizeBytes + before.length);
    bytes.set(file.buffer.subarray(sizeBytes, file.syncedLength));
    bytes.set(before, file.syncedLength - sizeBytes);
    file.cut = { at: sizeBytes, bytes };
    file.syncedLength = sizeBytes;
  }
  file.length = Math.min(file.length, sizeBytes);
  file.allocated = Math.min(file.allocated, sizeBytes);
}

function afterCrash(file: File, tornBytes: number): Uint8Array {
  if (file.cut === undefined) return wholeOf(file, file.syncedLength + tornBytes);
  const bytes = new Uint8Array(file.cut.at + file.cut.bytes.length);
  bytes.set(file.buffer.subarray(0, file.cut.at));
  bytes.set(file.cut.bytes, file.cut.at);
  return bytes;
}

function crash(
  state: State,
  tornBytes: (path: string, unsyncedBytes: number) => number,
): MemoryDisk {
  state.isDead = true;
  const left = new Map<string, Uint8Array>();
  for (const [path, file] of state.files) {
    const unsynced = file.length - file.syncedLength;
    const torn = file.cut === undefined && unsynced > 0 ? tornBytes(path, unsynced) : 0;
    left.set(path, afterCrash(file, Math.min(torn, unsynced)));
  }
  return memoryDisk(left);
}

function rename(state: State, path: string, to: string): void {
  const file = state.files.get(path);
  if (file === undefined) throw new EngineError("DISK_FAILED", `${path} is not there`);
  state.files.set(to, file);
  state.files.delete(path);
}

function hang(state: State): () => void {
  let release: () => void = () => {};
  state.hanging = new Promise((resolve) => {
    release = resolve;
  });
  return release;
}

/** An empty disk, or one that holds `files`. */
export function memoryDisk(files: ReadonlyMap<string, Uint8Array> = new Map()): MemoryDisk {
  const state: State = {
    files: new Map([...files].map(([path, bytes]) => [path, fileOf(bytes)])),
    isDead: false,
    hanging: undefined,
    syncs: 0,
  };
  const paths = (): string[] => [...state.files.keys()].sort((a, b) => (a < b ? -1 : 1));
  const contents = (path: string): Uint8Array | undefined => {
    const file = state.files.get(path);
    return file === undefined ? undefined : wholeOf(file, file.length);
  };
  const begin: Begin = async (kind, path, bytes = 0, onFault = () => {}) => {
    await state.hanging;
    if (state.isDead) throw new EngineError("DISK_FAILED", `${kind} ${path}: the disk is gone`);
    const fault = disk.fault({ kind, path, bytes });
    if (fault === undefined) return;
    onFault(fault);
    throw fault.error;
  };
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    await begin("read", path);
    return contents(path);
  };
  const disk: MemoryDisk = {
    fault: () => undefined,
    hang: () => hang(state),
    syncCount: () => state.syncs,
    paths,
    peek: contents,
    poke: (path, bytes) => void state.files.set(path, fileOf(bytes)),
    crash: (tornBytes = () => 0) => crash(state, tornBytes),
    list: async (folder) => {
      await begin("list", folder);
      const prefix = `${folder}/`;
      return paths()
        .filter((path) => path.startsWith(prefix) && !path.slice(prefix.length).includes("/"))
        .map((path) => path.slice(prefix.length));
    },
    read,
    readPieces: async (path, take) => {
      const bytes = await read(path);
      if (bytes !== undefined) await take(bytes);
      return bytes !== undefined;
    },
    openAppend: async (path, sizeBytes) => {
      await begin("open", path);
      const file = state.files.get(path) ?? fileOf(new Uint8Array(0));
      if (sizeBytes !== undefined) beginAt(file, sizeBytes);
      state.files.set(path, file);
      return appendFile(state, path, file, begin);
    },
    writeAtomic: async (path, ...parts) => {
      const bytes = joined(parts);
      await begin("write", path, bytes.length);
      state.files.set(path, fileOf(bytes));
    },
    move: async (path, to) => {
      await begin("write", to);
      rename(state, path, to);
    },
    remove: async (path) => {
      await begin("remove", path);
      state.files.delete(path);
    },
  };
  return disk;
}

/** What lies beyond is still there, until it is overwritten: as something cut that a crash brings back. */
function beginAt(file: File, sizeBytes: number): void {
  const isZero = isZeroFrom(file.buffer.subarray(0, file.length), sizeBytes);
  const allocated = Math.max(file.allocated, file.length);
  shrink(file, sizeBytes);
  file.allocated = allocated;
  if (isZero) file.cut = undefined;
}

function appendFile(state: State, path: string, file: File, begin: Begin): AppendFile {
  return {
    path,
    sizeBytes: () => file.length,
    reservedBytes: () => Math.max(0, file.allocated - file.length),
    reserve: async (bytes) => {
      await begin("append", path, bytes);
      await begin("sync", path);
      file.allocated = Math.max(file.allocated, file.length + bytes);
      file.cut = undefined;
    },
    append: async (bytes) => {
      await begin("append", path, bytes.length, ({ writtenBytes }) =>
        grow(file, bytes.subarray(0, writtenBytes ?? 0)),
      );
      grow(file, bytes);
    },
    sync: async () => {
      await begin("sync", path);
      file.syncedLength = file.length;
      file.cut = undefined;
      state.syncs++;
    },
    truncate: async (sizeBytes) => {
      await begin("truncate", path, sizeBytes);
      shrink(file, sizeBytes);
    },
    close: async () => {},
  };
}
