// Bytes of a text that are to be UTF-8, and are made so where they are not.

// node: whether bytes are UTF-8 is found at gigabytes a second, without a string of them.
import { isAscii, isUtf8 } from "node:buffer";
import type { TextColumn } from "../../../proto/batch/column.ts";
import { encodeStrings } from "../../../proto/batch/text.ts";

// A byte order mark inside a file is data.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What is no UTF-8 becomes U+FFFD, as in all sources of text. */
export function repairedUtf8(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(decoder.decode(bytes));
}

/** The bytes themselves, or others where they are no UTF-8. Line feeds stay: no character has one inside it. */
export function validUtf8(bytes: Uint8Array): Uint8Array {
  return isUtf8(bytes) ? bytes : repairedUtf8(bytes);
}

/** Whether no text begins inside a character that ends in the one before it. */
function beginAtCharacters({ offsets, values, length }: TextColumn): boolean {
  for (let i = 1; i < length; i++) if ((values[offsets[i]!]! & 0xc0) === 0x80) return false;
  return true;
}

/** The column itself, or one whose texts are UTF-8 each. */
export function validTexts(column: TextColumn): TextColumn {
  const { offsets, length } = column;
  const bytes = column.values.subarray(offsets[0], offsets[length]);
  if (isAscii(bytes) || (isUtf8(bytes) && beginAtCharacters(column))) return column;
  const texts = Array.from({ length }, (_, i) =>
    decoder.decode(column.values.subarray(offsets[i], offsets[i + 1])),
  );
  return { ...column, ...encodeStrings(texts) };
}
