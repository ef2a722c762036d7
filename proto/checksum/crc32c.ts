// CRC32C (Castagnoli) of bytes, table-driven, eight bytes a step: guards logs, snapshots and frames.

const reversedPolynomial = 0x82f63b78;
const sliceCount = 8;

/** Slice k holds, for each byte value, its effect on the sum k bytes further on. */
function makeTable(): Int32Array {
  const table = new Int32Array(256 * sliceCount);
  for (let value = 0; value < 256; value++) {
    let sum = value;
    for (let bit = 0; bit < 8; bit++) {
      sum = (sum & 1) === 1 ? (sum >>> 1) ^ reversedPolynomial : sum >>> 1;
    }
    table[value] = sum;
  }
  for (let at = 256; at < table.length; at++) {
    const before = table[at - 256]!;
    table[at] = (before >>> 8) ^ table[before & 255]!;
  }
  return table;
}

const table = makeTable();

/**
 * The CRC32C of `bytes` as an unsigned integer. `seed` is the result for the bytes before these, so
 * `crc32c(b, crc32c(a))` is the sum of a followed by b.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  const length = bytes.length;
  let sum = ~seed;
  let at = 0;
  for (; at + 8 <= length; at += 8) {
    const low =
      sum ^ (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24));
    sum =
      table[1792 + (low & 255)]! ^
      table[1536 + ((low >>> 8) & 255)]! ^
      table[1280 + ((low >>> 16) & 255)]! ^
      table[1024 + (low >>> 24)]! ^
      table[768 + bytes[at + 4]!]! ^
      table[512 + bytes[at + 5]!]! ^
      table[256 + bytes[at + 6]!]! ^
      table[bytes[at + 7]!]!;
  }
  for (; at < length; at++) sum = (sum >>> 8) ^ table[(sum ^ bytes[at]!) & 255]!;
  return ~sum >>> 0;
}
