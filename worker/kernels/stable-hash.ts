// The one hash of key bytes: it decides partitions, so it is the same on every machine, for ever.

const prime1 = 0x9e3779b1;
const prime2 = 0x85ebca77;
const prime3 = 0xc2b2ae3d;

/** Four bytes, little endian; bytes at or after `end` count as zero. */
function laneAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end) {
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }
  let lane = 0;
  for (let index = at, shift = 0; index < end; index++, shift += 8) lane |= bytes[index]! << shift;
  return lane;
}

function round(sum: number, lane: number): number {
  const mixed = (sum + Math.imul(lane, prime2)) | 0;
  return Math.imul((mixed << 13) | (mixed >>> 19), prime1);
}

/**
 * 32-bit hash of `bytes[start .. end)`, unsigned. In the manner of xxHash32: four 32-bit lanes over
 * 16-byte stripes, the last stripe zero padded (so a short key is one SIMD step without branches),
 * the length mixed in so that padding cannot be mistaken for content, then an avalanche.
 * The WebAssembly kernel computes the same function.
 */
export function stableHash32(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let lane0 = (prime1 + prime2) | 0;
  let lane1 = prime2 | 0;
  let lane2 = 0;
  let lane3 = -prime1 | 0;
  let at = start;
  do {
    lane0 = round(lane0, laneAt(bytes, at, end));
    lane1 = round(lane1, laneAt(bytes, at + 4, end));
    lane2 = round(lane2, laneAt(bytes, at + 8, end));
    lane3 = round(lane3, laneAt(bytes, at + 12, end));
    at += 16;
  } while (at < end);
  let hash =
    ((lane0 << 1) | (lane0 >>> 31)) +
    ((lane1 << 7) | (lane1 >>> 25)) +
    ((lane2 << 12) | (lane2 >>> 20)) +
    ((lane3 << 18) | (lane3 >>> 14)) +
    (end - start);
  hash = Math.imul(hash ^ (hash >>> 15), prime2);
  hash = Math.imul(hash ^ (hash >>> 13), prime3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/**
 * `partitionOf` of many hashes, signed or not, in their place: other memory would have to be touched first. The quotient
 * is a product, which takes half as long as a remainder.
 */
export function partitionsOf(hashes: Int32Array, partitions: number): Int32Array {
  if ((partitions & (partitions - 1)) === 0) {
    for (let i = 0; i < hashes.length; i++) hashes[i] = hashes[i]! & (partitions - 1);
    return hashes;
  }
  const share = 1 / partitions;
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i]! >>> 0;
    // The product may be a little less than a whole quotient, and never reaches the next one.
    const rest = (hash - Math.floor(hash * share) * partitions) | 0;
    hashes[i] = rest === partitions ? 0 : rest;
  }
  return hashes;
}

/** The partition of a key with this hash: the remainder, for any number of partitions. */
export function partitionOf(hash: number, partitions: number): number {
  return hash % partitions;
}
