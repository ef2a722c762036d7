// Bytes of a text that are to be UTF-8, and are made so where they are not.

// node: whether bytes are UTF-8 is found at gigabytes a second, without a string of them.
import { isUtf8 } from "node:buffer";

// A byte order mark inside a file is data.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** What is no UTF-8 becomes U+FFFD, as everywhere. */
export function repairedUtf8(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(decoder.decode(bytes));
}

/** The bytes themselves, or others where they are no UTF-8. Line feeds stay: no character has one inside it. */
export function validUtf8(bytes: Uint8Array): Uint8Array {
  return isUtf8(bytes) ? bytes : repairedUtf8(bytes);
}
