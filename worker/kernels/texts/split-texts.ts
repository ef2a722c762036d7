// Splits texts at a separator, by their bytes.

import type { TextBytes } from "./gather-texts.ts";
import { bytesOf, intsOf, putBytes, putInts, withTextKernel } from "./text-kernel.ts";

/** Parts as texts, and for each row from which part to which: `lists` has one number more than there are rows. */
export interface TextParts extends TextBytes {
  readonly lists: Int32Array;
}

/**
 * The parts of each text, as `String.split` makes them; none of rows without their bit in `valid`. Undefined where the
 * kernel has no room for so many bytes. The separator must not be empty.
 */
export function splitTexts(
  { offsets, values }: TextBytes,
  rows: number,
  separator: Uint8Array,
  valid: Uint8Array | undefined,
): TextParts | undefined {
  const start = offsets[0]!;
  const length = offsets[rows]! - start;
  const bits = valid?.subarray(0, (rows + 7) >> 3);
  // Every byte may be a separator, and every row has one part more than it has of these.
  const partsMax = Math.floor(length / separator.length) + rows;
  return withTextKernel(
    [
      separator.length,
      bits?.length ?? 0,
      length,
      4 * (rows + 1),
      length,
      4 * (partsMax + 1),
      4 * (rows + 1),
    ],
    (kernel, places) => {
      const [separatorAt, validAt, bytesAt, offsetsAt, to, partsAt, listsAt] = places as number[];
      putBytes(kernel, separatorAt!, separator);
      if (bits !== undefined) putBytes(kernel, validAt!, bits);
      putBytes(kernel, bytesAt!, values.subarray(start, start + length));
      putInts(kernel, offsetsAt!, offsets.subarray(0, rows + 1));
      const parts = kernel.split(
        // Offsets stay those of the column: the address of its first byte lies as far before its bytes.
        bytesAt! - start,
        offsetsAt!,
        bits === undefined ? 0 : validAt!,
        rows,
        separatorAt!,
        separator.length,
        to!,
        partsAt!,
        listsAt!,
      );
      const ends = intsOf(kernel, partsAt!, parts + 1);
      return {
        lists: intsOf(kernel, listsAt!, rows + 1),
        offsets: ends,
        values: bytesOf(kernel, to!, ends[parts]!),
      };
    },
  );
}
