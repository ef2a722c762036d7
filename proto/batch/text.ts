// Strings to UTF-8 with offsets and back, whole columns at a time.

/** Above this many UTF-16 units, columns are converted row by row: one string must stay far below V8's limit. */
const joinedUnitsMax = 64 * 1024 * 1024;

interface MaybeWellFormed {
  isWellFormed(): boolean;
}

/** Whether UTF-8 can carry the text; a lone surrogate would be replaced silently. */
export function isWellFormedText(text: string): boolean {
  return (text as unknown as MaybeWellFormed).isWellFormed();
}

export interface EncodedStrings {
  readonly offsets: Int32Array;
  readonly values: Uint8Array;
}

function totalUnits(strings: readonly (string | null | undefined)[]): number {
  let units = 0;
  for (let i = 0; i < strings.length; i++) {
    const text = strings[i];
    if (typeof text === "string") units += text.length;
  }
  return units;
}

/** Null and undefined take no bytes. */
export function encodeStrings(strings: readonly (string | null | undefined)[]): EncodedStrings {
  const offsets = new Int32Array(strings.length + 1);
  const units = totalUnits(strings);
  if (units <= joinedUnitsMax) {
    const bytes = Buffer.from(strings.join(""), "utf8");
    if (bytes.length === units) {
      // Only ASCII: units are bytes.
      let end = 0;
      for (let i = 0; i < strings.length; i++) {
        const text = strings[i];
        if (typeof text === "string") end += text.length;
        offsets[i + 1] = end;
      }
      return { offsets, values: bytes };
    }
    for (let i = 0, end = 0; i < strings.length; i++) {
      end += Buffer.byteLength(strings[i] ?? "", "utf8");
      offsets[i + 1] = end;
    }
    return { offsets, values: bytes };
  }
  const bytes = Buffer.allocUnsafeSlow(units * 3);
  let end = 0;
  for (let i = 0; i < strings.length; i++) {
    end += bytes.write(strings[i] ?? "", end, "utf8");
    offsets[i + 1] = end;
  }
  return { offsets, values: bytes.subarray(0, end) };
}

/** UTF-16 units of valid UTF-8 up to each offset: continuation bytes add none, four-byte leads two. */
function unitOffsets(offsets: Int32Array, values: Uint8Array): Int32Array {
  const out = new Int32Array(offsets.length);
  let units = 0;
  let at = offsets[0]!;
  for (let i = 1; i < offsets.length; i++) {
    const end = offsets[i]!;
    for (; at < end; at++) {
      const byte = values[at]!;
      if ((byte & 0xc0) !== 0x80) units += byte >= 0xf0 ? 2 : 1;
    }
    out[i] = units;
  }
  return out;
}

function decodeEach(bytes: Buffer, offsets: Int32Array): string[] {
  const out = new Array<string>(offsets.length - 1);
  for (let i = 0; i < out.length; i++) out[i] = bytes.toString("utf8", offsets[i], offsets[i + 1]);
  return out;
}

/** All strings of a column. */
export function decodeStrings(offsets: Int32Array, values: Uint8Array): string[] {
  const count = offsets.length - 1;
  const start = offsets[0]!;
  const end = offsets[count]!;
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  if (end - start > joinedUnitsMax) return decodeEach(bytes, offsets);
  const whole = bytes.toString("utf8", start, end);
  const ascii = whole.length === end - start;
  const units = ascii ? offsets : unitOffsets(offsets, values);
  const base = ascii ? start : 0;
  if (!ascii && units[count] !== whole.length) return decodeEach(bytes, offsets);
  const out = new Array<string>(count);
  for (let i = 0; i < count; i++) out[i] = whole.slice(units[i]! - base, units[i + 1]! - base);
  return out;
}

/** Byte arrays end to end; null and undefined take no bytes. */
export function encodeBytes(items: readonly (Uint8Array | null | undefined)[]): EncodedStrings {
  const offsets = new Int32Array(items.length + 1);
  let end = 0;
  for (let i = 0; i < items.length; i++) {
    end += items[i]?.length ?? 0;
    offsets[i + 1] = end;
  }
  const values = new Uint8Array(end);
  for (let i = 0; i < items.length; i++) {
    const item = items[i];
    if (item !== null && item !== undefined) values.set(item, offsets[i]!);
  }
  return { offsets, values };
}
