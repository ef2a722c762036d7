// Whether there is nothing but zeros, looked at four bytes at a time.

export function isZeroFrom(bytes: Uint8Array, from: number): boolean {
  let at = from;
  for (; at < bytes.length && (bytes.byteOffset + at) % 4 !== 0; at++) {
    if (bytes[at] !== 0) return false;
  }
  const count = Math.max(0, bytes.length - at) >>> 2;
  if (count > 0) {
    const words = new Uint32Array(bytes.buffer, bytes.byteOffset + at, count);
    for (let word = 0; word < count; word++) if (words[word] !== 0) return false;
  }
  for (at += count * 4; at < bytes.length; at++) if (bytes[at] !== 0) return false;
  return true;
}
