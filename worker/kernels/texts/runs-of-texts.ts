// The runs of characters of one class in texts, as words of letters are, by their bytes.

import { encodeStrings } from "../../../proto/batch/text.ts";
import { AppendedTexts } from "./appended-texts.ts";
import type { TextBytes } from "./gather-texts.ts";
import type { TextParts } from "./split-texts.ts";
import { bytesOf, intsOf, putBytes, putInts, withTextKernel } from "./text-kernel.ts";

/** Characters of ASCII: for each lower half of a byte a bit for each upper half with which it is one of them. */
export type AsciiClass = Uint8Array & { readonly length: 16 };

/** Those of the characters of ASCII that `has` says. */
export function asciiClass(has: (character: string) => boolean): AsciiClass {
  const lows = new Uint8Array(16);
  for (let code = 0; code < 128; code++) {
    if (has(String.fromCharCode(code))) lows[code & 15]! |= 1 << (code >> 4);
  }
  return lows as AsciiClass;
}

export interface TextRuns extends TextParts {
  /** The rows that hold other characters than those of ASCII, rising; they have no parts. */
  readonly others: readonly number[];
}

function rowsOfBits(bits: Uint8Array): number[] {
  const rows: number[] = [];
  for (let at = 0; at < bits.length; at++) {
    if (bits[at] === 0) continue;
    for (let bit = 0; bit < 8; bit++) if ((bits[at]! >> bit) & 1) rows.push(8 * at + bit);
  }
  return rows;
}

/**
 * The longest runs of the class in each text; none of rows without their bit in `valid`. Undefined where the kernel has
 * no room for so many bytes.
 */
export function runsOfTexts(
  { offsets, values }: TextBytes,
  rows: number,
  members: AsciiClass,
  valid: Uint8Array | undefined,
): TextRuns | undefined {
  const start = offsets[0]!;
  const length = offsets[rows]! - start;
  const bits = valid?.subarray(0, (rows + 7) >> 3);
  const bitBytes = (rows + 7) >> 3;
  // Between two runs lies a byte at least, which may be the end of a row.
  const runsMax = (length >> 1) + rows;
  const validBytes = bits?.length ?? 0;
  return withTextKernel(
    [16, validBytes, length, 4 * (rows + 1), length, 4 * (runsMax + 1), 4 * (rows + 1), bitBytes],
    (kernel, places) => {
      const [classAt, validAt, bytesAt, offsetsAt, to, partsAt, listsAt, othersAt] =
        places as number[];
      putBytes(kernel, classAt!, members);
      if (bits !== undefined) putBytes(kernel, validAt!, bits);
      putBytes(kernel, bytesAt!, values.subarray(start, start + length));
      putInts(kernel, offsetsAt!, offsets.subarray(0, rows + 1));
      const runs = kernel.runs(
        // Offsets stay those of the column: the address of its first byte lies as far before its bytes.
        bytesAt! - start,
        offsetsAt!,
        bits === undefined ? 0 : validAt!,
        rows,
        classAt!,
        to!,
        partsAt!,
        listsAt!,
        othersAt!,
      );
      const ends = intsOf(kernel, partsAt!, runs + 1);
      return {
        lists: intsOf(kernel, listsAt!, rows + 1),
        offsets: ends,
        values: bytesOf(kernel, to!, ends[runs]!),
        others: rowsOfBits(bytesOf(kernel, othersAt!, bitBytes)),
      };
    },
  );
}

/** The same with the lists of the `others` put in. */
export function withOthers(runs: TextRuns, own: readonly (readonly string[])[]): TextParts {
  const { others } = runs;
  const strings = encodeStrings(own.flat());
  const texts = runs.offsets.length - 1 + strings.offsets.length - 1;
  const appended = new AppendedTexts(texts, runs.values.length + strings.values.length);
  const lists = runs.lists.slice();
  let [row, part, ownPart] = [0, 0, 0];
  for (const [at, other] of others.entries()) {
    for (; row < other; row++) lists[row + 1]! += ownPart;
    const [partEnd, ownEnd] = [runs.lists[other]!, ownPart + own[at]!.length];
    appended.append(runs, part, partEnd);
    appended.append(strings, ownPart, ownEnd);
    [part, ownPart] = [partEnd, ownEnd];
  }
  for (; row < lists.length - 1; row++) lists[row + 1]! += ownPart;
  appended.append(runs, part, runs.offsets.length - 1);
  return { ...appended.texts, lists };
}
