// The checksum of what tasks write and read again: shuffle blocks, spill files, outputs.
//
// CRC-32 of Node's zlib is made of carry-less multiplications: 64 MiB take 14 ms of a core. CRC32C by table, in this
// language, takes 25 times as long, and a hash in WebAssembly has to copy the bytes into its memory first.

// node: checksums at gigabytes a second, of bytes where they are.
import { crc32 } from "node:zlib";

/** Of `bytes`, unsigned. `seed`: the checksum of the bytes before these. */
export function checksumOf(bytes: Uint8Array, seed = 0): number {
  // To zlib no bytes at no address are a wish for the first seed.
  return bytes.length === 0 ? seed : crc32(bytes, seed);
}

/** Of the bytes of all parts in order; how they are cut does not matter. */
export function checksumOfAll(parts: Iterable<Uint8Array>): number {
  let sum = 0;
  for (const part of parts) sum = checksumOf(part, sum);
  return sum;
}
