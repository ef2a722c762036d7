// Texts as the bytes of a file of lines.

import type { TextColumn } from "../../../proto/batch/column.ts";
import { bytesOf, putBytes, putInts, withTextKernel } from "./text-kernel.ts";

/** Each text with a line feed behind it; undefined where the kernel has no room for so many bytes. */
export function linesOfTexts({ offsets, values, length }: TextColumn): Uint8Array | undefined {
  const start = offsets[0]!;
  const bytes = offsets[length]! - start;
  return withTextKernel(
    [bytes, 4 * (length + 1), bytes + length],
    (kernel, [bytesAt = 0, offsetsAt = 0, to = 0]) => {
      putBytes(kernel, bytesAt, values.subarray(start, start + bytes));
      putInts(kernel, offsetsAt, offsets.subarray(0, length + 1));
      kernel.join(bytesAt - start, offsetsAt, length, to);
      return bytesOf(kernel, to, bytes + length);
    },
  );
}
