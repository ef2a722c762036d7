// Snapshots on disk: one file each, written whole, read back before it counts, the newest kept.

import { crc32c } from "../../proto/checksum/crc32c.ts";
import { EngineError } from "../../proto/errors.ts";
import type { ClusterId } from "../../proto/ids.ts";
import { snapshotSliceBytes } from "../../proto/limits/raft.ts";
import type { Disk } from "../../proto/ports/disk.ts";
import type { Snapshot } from "../raft/entry.ts";
import { decodeMembership, encodeMembership } from "../raft/membership-codec.ts";
import { corrupt } from "./segment.ts";

export const snapshotFolder = "snapshots";
const folder = snapshotFolder;
const snapshotVersion = 2;
/**
 * `MRSNAP`, then version u16, id bytes u16, checksum u32, payload bytes u64, membership bytes u32,
 * id, membership, payload. Version 1 has nothing about membership.
 */
const magic = Uint8Array.of(0x4d, 0x52, 0x53, 0x4e, 0x41, 0x50);
const headerBytes = 26;
const headerBytesOfVersion1 = 22;

function nameOf(snapshot: { readonly index: number; readonly term: number }): string {
  const [index, term] = [snapshot.index, snapshot.term].map((n) => String(n).padStart(16, "0"));
  return `${index}-${term}.snap`;
}

function placeOf(name: string): { index: number; term: number } | undefined {
  const match = /^(\d{16})-(\d{16})\.snap$/.exec(name);
  return match === null ? undefined : { index: Number(match[1]), term: Number(match[2]) };
}

/** Awaited between slices of the work on a large snapshot, so that others run. */
export type Pause = () => Promise<void>;

const noPause: Pause = async () => {};

async function forSlices(
  bytes: Uint8Array,
  pause: Pause,
  run: (slice: Uint8Array) => void,
): Promise<void> {
  for (let at = 0; at < bytes.length; at += snapshotSliceBytes) {
    run(bytes.subarray(at, at + snapshotSliceBytes));
    if (bytes.length > snapshotSliceBytes) await pause();
  }
}

/** The name is part of what the checksum covers: a renamed file is a damaged one. */
async function checksumOf(
  name: string,
  parts: readonly Uint8Array[],
  pause: Pause,
): Promise<number> {
  let sum = crc32c(new TextEncoder().encode(name));
  for (const part of parts) {
    await forSlices(part, pause, (slice) => {
      sum = crc32c(slice, sum);
    });
  }
  return sum;
}

/** What stands before the payload, and the payload as it is: it may be large. */
async function encode(
  clusterId: ClusterId,
  snapshot: Snapshot,
  pause: Pause,
): Promise<readonly Uint8Array[]> {
  const id = new TextEncoder().encode(clusterId);
  const { membership: members, bytes: payload } = snapshot;
  const membership = members === undefined ? new Uint8Array(0) : encodeMembership(members);
  const bytes = new Uint8Array(headerBytes + id.length + membership.length);
  const view = new DataView(bytes.buffer);
  bytes.set(magic);
  view.setUint16(6, snapshotVersion, true);
  view.setUint16(8, id.length, true);
  const checksum = await checksumOf(nameOf(snapshot), [id, membership, payload], pause);
  view.setUint32(10, checksum, true);
  view.setBigUint64(14, BigInt(payload.length), true);
  view.setUint32(22, membership.length, true);
  bytes.set(id, headerBytes);
  bytes.set(membership, headerBytes + id.length);
  return [bytes, payload];
}

/** The payload is a view of `bytes`. */
async function decode(
  clusterId: ClusterId,
  name: string,
  bytes: Uint8Array,
  pause: Pause,
): Promise<Snapshot> {
  const path = `${folder}/${name}`;
  const place = placeOf(name);
  const isOurs =
    bytes.length >= headerBytesOfVersion1 && magic.every((byte, at) => bytes[at] === byte);
  if (place === undefined || !isOurs) throw corrupt(path, 0, "not the beginning of a snapshot");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(6, true);
  if (version > snapshotVersion) {
    throw new EngineError(
      "DATA_FOLDER_VERSION",
      `${path} has format ${version}, and this version reads up to ${snapshotVersion}: start the ` +
        "version of millrace that wrote it, or a newer one",
      { file: path, byteOffset: 6 },
    );
  }
  const idAt = version === 1 ? headerBytesOfVersion1 : headerBytes;
  if (bytes.length < idAt) throw corrupt(path, 0, "not the whole beginning of a snapshot");
  const membershipAt = idAt + view.getUint16(8, true);
  const payloadAt = membershipAt + (version === 1 ? 0 : view.getUint32(22, true));
  const id = bytes.subarray(idAt, membershipAt);
  const membership = bytes.subarray(membershipAt, payloadAt);
  const payload = bytes.subarray(payloadAt);
  if (BigInt(payload.length) !== view.getBigUint64(14, true)) {
    throw corrupt(path, 14, `it has ${payload.length} bytes, which is not what it says`);
  }
  const checksum = await checksumOf(name, [id, membership, payload], pause);
  if (version === 0 || checksum !== view.getUint32(10, true)) {
    throw corrupt(path, 10, "the checksum is wrong");
  }
  checkCluster(path, new TextDecoder().decode(id), clusterId);
  if (membership.length === 0) return { ...place, bytes: payload };
  return { ...place, bytes: payload, membership: decodeMembership(membership) };
}

/** A data folder of another cluster would bring its jobs along. */
export function checkCluster(path: string, found: string, wanted: ClusterId): void {
  if (found === wanted) return;
  throw new EngineError(
    "USAGE",
    `${path} belongs to cluster "${found}", not to "${wanted}": give this master the data folder ` +
      "of its own cluster, or an empty one",
    { file: path },
  );
}

async function listNames(disk: Disk): Promise<readonly string[]> {
  const names = await disk.list(folder);
  return names.filter((name) => placeOf(name) !== undefined).sort((a, b) => (a < b ? -1 : 1));
}

/** The newest snapshot. A damaged one is an error: the log before it is gone. */
export async function loadNewestSnapshot(
  disk: Disk,
  clusterId: ClusterId,
): Promise<Snapshot | undefined> {
  const name = (await listNames(disk)).at(-1);
  if (name === undefined) return undefined;
  const bytes = await disk.read(`${folder}/${name}`);
  if (bytes === undefined) throw corrupt(`${folder}/${name}`, 0, "it vanished while being read");
  return decode(clusterId, name, bytes, noPause);
}

/** Whether these parts, one after the other, have exactly these bytes from there on. */
function haveBytesAt(parts: readonly Uint8Array[], at: number, bytes: Uint8Array): boolean {
  let [from, rest] = [at, bytes];
  for (const part of parts) {
    const some = part.subarray(from, from + rest.length);
    if (Buffer.compare(some, rest.subarray(0, some.length)) !== 0) return false;
    from = Math.max(0, from - part.length);
    rest = rest.subarray(some.length);
  }
  return rest.length === 0;
}

/** Byte for byte: whatever was to be written is there, and nothing else. */
async function verify(
  disk: Disk,
  path: string,
  parts: readonly Uint8Array[],
  pause: Pause,
): Promise<void> {
  let at = 0;
  const isThere = await disk.readPieces(path, async (piece) => {
    if (!haveBytesAt(parts, at, piece)) {
      throw corrupt(path, at, `its next ${piece.length} bytes are not those that were written`);
    }
    at += piece.length;
    await pause();
  });
  if (!isThere) throw corrupt(path, 0, "it vanished after the write");
  const size = parts.reduce((sum, part) => sum + part.length, 0);
  if (at !== size) throw corrupt(path, at, `it ends there, and ${size} bytes were written`);
}

/** Durable and read back when this resolves; only then are older ones removed. */
export async function writeSnapshot(
  disk: Disk,
  clusterId: ClusterId,
  snapshot: Snapshot,
  pause: Pause,
): Promise<void> {
  const path = `${folder}/${nameOf(snapshot)}`;
  const parts = await encode(clusterId, snapshot, pause);
  await disk.writeAtomic(path, ...parts);
  await verify(disk, path, parts, pause);
  const names = await listNames(disk);
  for (const older of names.slice(0, -1)) await disk.remove(`${folder}/${older}`);
}
