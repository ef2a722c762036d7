// Bits of validity and of booleans, least significant first, eight to a byte.

/** A byte of 0 or 1 for each bit. */
export function unpackBits(bits: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) out[i] = (bits[i >> 3]! >> (i & 7)) & 1;
  return out;
}

/** The bit of each byte, which is 0 or 1. */
export function packBits(bytes: Uint8Array): Uint8Array {
  const { length } = bytes;
  const out = new Uint8Array((length + 7) >> 3);
  const whole = length >> 3;
  for (let k = 0, i = 0; k < whole; k++, i += 8) {
    out[k] =
      bytes[i]! |
      (bytes[i + 1]! << 1) |
      (bytes[i + 2]! << 2) |
      (bytes[i + 3]! << 3) |
      (bytes[i + 4]! << 4) |
      (bytes[i + 5]! << 5) |
      (bytes[i + 6]! << 6) |
      (bytes[i + 7]! << 7);
  }
  for (let i = whole * 8; i < length; i++) out[i >> 3] = out[i >> 3]! | (bytes[i]! << (i & 7));
  return out;
}

/** Valid where both are; undefined stands for valid throughout. */
export function andBits(
  left: Uint8Array | undefined,
  right: Uint8Array | undefined,
  length: number,
): Uint8Array | undefined {
  if (left === undefined) return right;
  if (right === undefined || left === right) return left;
  const bytes = (length + 7) >> 3;
  const out = new Uint8Array(bytes);
  for (let i = 0; i < bytes; i++) out[i] = left[i]! & right[i]!;
  return out;
}

/** Undefined where no bit is clear: what is valid throughout needs no bits. */
export function unlessFull(bits: Uint8Array, length: number): Uint8Array | undefined {
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) if (bits[i] !== 0xff) return bits;
  const rest = (1 << (length & 7)) - 1;
  return (bits[whole]! & rest) === rest || rest === 0 ? undefined : bits;
}

/** Bits of bytes that are 1 where valid. */
export function validityOfBytes(bytes: Uint8Array): Uint8Array | undefined {
  return unlessFull(packBits(bytes), bytes.length);
}

export function noBits(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3);
}

/** A byte of 1 for each valid slot. */
export function validBytes(valid: Uint8Array | undefined, length: number): Uint8Array {
  return valid === undefined ? new Uint8Array(length).fill(1) : unpackBits(valid, length);
}
