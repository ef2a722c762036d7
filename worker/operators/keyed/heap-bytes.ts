// About how many bytes of the heap a value takes: V8 tells nobody, and a budget needs no more than the order of it.

const levelsMax = 8;
const wordBytes = 8;
const headBytes = 24;
/** Items of one array or object that are looked at; the rest counts as these do. */
const itemsMax = 64;

export function heapBytesOf(value: unknown, level = 0): number {
  switch (typeof value) {
    case "string":
      return headBytes + value.length;
    case "number":
      // Only small whole numbers have no box.
      return 2 * wordBytes;
    case "bigint":
      return headBytes;
    case "object":
      return value === null ? 0 : objectBytes(value, level);
    default:
      return 0;
  }
}

function objectBytes(value: object, level: number): number {
  if (ArrayBuffer.isView(value)) return 4 * headBytes + value.byteLength;
  if (value instanceof Date) return 2 * headBytes;
  // It may refer to itself.
  if (level === levelsMax) return headBytes;
  const parts = Array.isArray(value) ? (value as readonly unknown[]) : Object.values(value);
  const seen = Math.min(parts.length, itemsMax);
  let bytes = 0;
  for (let at = 0; at < seen; at++) bytes += heapBytesOf(parts[at], level + 1);
  const inside = seen === 0 ? 0 : (bytes / seen) * parts.length;
  return 2 * headBytes + wordBytes * parts.length + inside;
}
