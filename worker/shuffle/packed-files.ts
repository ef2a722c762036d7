// Sealed map outputs of which small ones share a file: making a file costs more than writing a small output.
//
// Each writer has a file of its own in the folder of each job, to which it only appends: a record for each output, its
// name before its bytes. Whoever looks for an output that has no file of its own reads the names in these files, on
// from where they ended when it last looked. So nobody has to be told where an output lies, and what a process wrote
// is there after its end.

import {
  packBytesMax,
  packedJobsKeptMax,
  packedOutputBytesMax,
  packedReadBytes,
} from "../../proto/limits/blocks.ts";
import { checksumOf } from "../kernels/checksum.ts";
import { KeptIndexes } from "./kept-indexes.ts";
import type { RoomFor, SealedFiles } from "./sealed-files.ts";

/** The disk below sealed outputs. Paths are as there. */
export interface PlainFiles extends Omit<SealedFiles, "indexes"> {
  /** Adds to the end of a file, which is made where there is none. */
  append(path: string, pieces: readonly Uint8Array[]): Promise<void>;
  /** Names of the files in a folder; none where it is absent. */
  names(folder: string): Promise<readonly string[]>;
}

/** Magic, bytes of the name, bytes of the output, checksum of these and the name; then name and output, padded. */
const recordHeaderBytes = 16;
const magic = 0x314b4350;
const suffix = ".pack";

const padded = (bytes: number): number => Math.ceil(bytes / 8) * 8;

/** Where an output lies within a file. */
interface Place {
  readonly pack: Pack;
  readonly atByte: number;
  readonly bytes: number;
}

interface Pack {
  readonly path: string;
  /** End of the last whole record that was found. */
  scannedTo: number;
  /** What was read last, and maybe what follows it. */
  read: { readonly atByte: number; readonly bytes: Uint8Array };
}

interface PackedJob {
  readonly folder: string;
  /** By the path that each would have as a file of its own. */
  readonly places: Map<string, Place>;
  readonly packs: Map<string, Pack>;
  /** Settles when whoever looks for new outputs has looked. */
  scanned: Promise<void>;
}

/** The pieces as a list where they are together small; else those taken so far and the others. */
function smallOrAll(pieces: Iterable<Uint8Array>): {
  readonly small?: Uint8Array[];
  readonly all: Iterable<Uint8Array>;
} {
  const iterator = pieces[Symbol.iterator]();
  const taken: Uint8Array[] = [];
  let bytes = 0;
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) {
    taken.push(next.value);
    bytes += next.value.length;
    if (bytes <= packedOutputBytesMax) continue;
    const rest = { [Symbol.iterator]: () => iterator };
    const all = {
      *[Symbol.iterator]() {
        yield* taken;
        yield* rest;
      },
    };
    return { all };
  }
  return { small: taken, all: taken };
}

function recordOf(name: string, pieces: readonly Uint8Array[]): Uint8Array[] {
  const nameBytes = Buffer.from(name, "utf8");
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const head = new Uint8Array(recordHeaderBytes + padded(nameBytes.length));
  const view = new DataView(head.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, nameBytes.length, true);
  view.setUint32(8, bytes, true);
  head.set(nameBytes, recordHeaderBytes);
  view.setUint32(12, checksumOf(nameBytes, checksumOf(head.subarray(0, 12))), true);
  return [head, ...pieces, new Uint8Array(padded(bytes) - bytes)];
}

function splitPath(path: string): { readonly folder: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { folder: path.slice(0, slash), name: path.slice(slash + 1) };
}

export class PackedFiles implements SealedFiles {
  readonly indexes = new KeptIndexes();
  private readonly files: PlainFiles;
  private readonly nextWriterName: () => string;
  private writerName: string;
  /** Under this name. */
  private written = 0;
  /** In order of their last use. */
  private readonly jobs = new Map<string, PackedJob>();

  /** `nextWriterName`: a name for its files that no other writer has, nor had in an earlier life. */
  constructor(files: PlainFiles, nextWriterName: () => string) {
    this.files = files;
    this.nextWriterName = nextWriterName;
    this.writerName = nextWriterName();
  }

  async write(path: string, pieces: Iterable<Uint8Array>): Promise<void> {
    const { small, all } = smallOrAll(pieces);
    if (small === undefined) return this.files.write(path, all);
    const { folder, name } = splitPath(path);
    try {
      const record = recordOf(name, small);
      await this.files.append(`${folder}/${this.writerName}${suffix}`, record);
      this.written += record.reduce((sum, piece) => sum + piece.length, 0);
      if (this.written >= packBytesMax) this.beginPacks();
    } catch (thrown) {
      // Behind half a record nothing would be found any more.
      this.beginPacks();
      throw thrown;
    }
  }

  private beginPacks(): void {
    this.writerName = this.nextWriterName();
    this.written = 0;
  }

  async read(
    path: string,
    offsetBytes: number,
    lengthBytes: number,
    room?: RoomFor,
  ): Promise<Uint8Array | undefined> {
    const known = this.known(path);
    if (known === undefined) {
      const bytes = await this.files.read(path, offsetBytes, lengthBytes, room);
      if (bytes !== undefined) return bytes;
    }
    const place = known ?? (await this.find(path));
    if (place === undefined) return undefined;
    const length = Math.max(0, Math.min(lengthBytes, place.bytes - offsetBytes));
    return this.readPack(place.pack, place.atByte + offsetBytes, length);
  }

  async sizeBytes(path: string): Promise<number | undefined> {
    const known = this.known(path);
    if (known === undefined) {
      const bytes = await this.files.sizeBytes(path);
      if (bytes !== undefined) return bytes;
    }
    const place = known ?? (await this.find(path));
    if (place === undefined) return undefined;
    // Its job may have been released.
    return (await this.files.sizeBytes(place.pack.path)) === undefined ? undefined : place.bytes;
  }

  private known(path: string): Place | undefined {
    return this.jobs.get(splitPath(path).folder)?.places.get(path);
  }

  private async find(path: string): Promise<Place | undefined> {
    const job = this.jobOf(splitPath(path).folder);
    // One after another: who looked at the same time may have begun before this output was there.
    const scanning = job.scanned.then(() => (job.places.has(path) ? undefined : this.scan(job)));
    job.scanned = scanning.catch(() => undefined);
    await scanning;
    return job.places.get(path);
  }

  private jobOf(folder: string): PackedJob {
    const known = this.jobs.get(folder);
    const job = known ?? {
      folder,
      places: new Map(),
      packs: new Map(),
      scanned: Promise.resolve(),
    };
    this.jobs.delete(folder);
    this.jobs.set(folder, job);
    for (const oldest of this.jobs.keys()) {
      if (this.jobs.size <= packedJobsKeptMax) break;
      this.jobs.delete(oldest);
    }
    return job;
  }

  private async scan(job: PackedJob): Promise<void> {
    for (const name of await this.files.names(job.folder)) {
      if (!name.endsWith(suffix)) continue;
      const path = `${job.folder}/${name}`;
      const nothing = { atByte: 0, bytes: new Uint8Array(0) };
      const pack = job.packs.get(name) ?? { path, scannedTo: 0, read: nothing };
      job.packs.set(name, pack);
      await this.scanPack(job, pack);
    }
  }

  /** Up to the first record that is not whole: one that is just written, or the last of a writer that died. */
  private async scanPack(job: PackedJob, pack: Pack): Promise<void> {
    const sizeBytes = (await this.files.sizeBytes(pack.path)) ?? 0;
    while (pack.scannedTo + recordHeaderBytes <= sizeBytes) {
      const head = await this.readPack(pack, pack.scannedTo, recordHeaderBytes);
      if (head?.length !== recordHeaderBytes) return;
      const view = new DataView(head.buffer, head.byteOffset, head.length);
      const [nameBytes, bytes] = [view.getUint32(4, true), view.getUint32(8, true)];
      const atByte = pack.scannedTo + recordHeaderBytes + padded(nameBytes);
      const end = atByte + padded(bytes);
      if (view.getUint32(0, true) !== magic || end > sizeBytes) return;
      const name = await this.readPack(pack, pack.scannedTo + recordHeaderBytes, nameBytes);
      if (name?.length !== nameBytes) return;
      if (checksumOf(name, checksumOf(head.subarray(0, 12))) !== view.getUint32(12, true)) return;
      const path = `${job.folder}/${Buffer.from(name).toString("utf8")}`;
      job.places.set(path, { pack, atByte, bytes });
      pack.scannedTo = end;
    }
  }

  /** Bytes below the end of a file never change, so those that were read with others before are as good. */
  private async readPack(
    pack: Pack,
    atByte: number,
    length: number,
  ): Promise<Uint8Array | undefined> {
    const from = atByte - pack.read.atByte;
    if (from < 0 || from + length > pack.read.bytes.length) {
      const bytes = await this.files.read(pack.path, atByte, Math.max(length, packedReadBytes));
      if (bytes === undefined) return undefined;
      pack.read = { atByte, bytes };
      return bytes.subarray(0, length);
    }
    return pack.read.bytes.subarray(from, from + length);
  }
}
