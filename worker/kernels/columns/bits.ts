// Bit maps in Arrow's order, least significant bit first: validity, and the values of bool columns.

export function bitAt(bits: Uint8Array, index: number): number {
  return (bits[index >> 3]! >> (index & 7)) & 1;
}

export function bitBytes(length: number): number {
  return (length + 7) >> 3;
}

export function allSet(length: number): Uint8Array {
  return new Uint8Array(bitBytes(length)).fill(0xff);
}

export function setBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = bits[index >> 3]! | (1 << (index & 7));
}

export function clearBit(bits: Uint8Array, index: number): void {
  bits[index >> 3] = bits[index >> 3]! & ~(1 << (index & 7));
}

/** Copies `length` bits to `to` from `toStart` on, which must be zero there. */
export function copyBits(
  to: Uint8Array,
  toStart: number,
  from: Uint8Array,
  fromStart: number,
  length: number,
): void {
  if ((toStart & 7) === 0 && (fromStart & 7) === 0) {
    const whole = length >> 3;
    to.set(from.subarray(fromStart >> 3, (fromStart >> 3) + whole), toStart >> 3);
    for (let i = whole * 8; i < length; i++) {
      if (bitAt(from, fromStart + i) === 1) setBit(to, toStart + i);
    }
    return;
  }
  for (let i = 0; i < length; i++) {
    if (bitAt(from, fromStart + i) === 1) setBit(to, toStart + i);
  }
}

/** How many of the first `length` bits are set. */
export function countBits(bits: Uint8Array, length: number): number {
  let count = 0;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) {
    let byte = bits[i]!;
    byte -= (byte >> 1) & 0x55;
    byte = (byte & 0x33) + ((byte >> 2) & 0x33);
    count += (byte + (byte >> 4)) & 0x0f;
  }
  for (let i = whole * 8; i < length; i++) count += bitAt(bits, i);
  return count;
}
