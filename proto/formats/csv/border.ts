// Where the first record of a piece of a CSV file begins, without reading what comes before it.
//
// Whether a newline ends a record depends on whether it stands in quotes, which all earlier bytes decide.
// But of the two possibilities at most one agrees with the bytes that follow: a quote may open a field only
// at its beginning, and only a delimiter or a line end may follow a closing one. Both are followed at once,
// as sets of states, until one of them is impossible. At the end of the file the number of quotes tells.
// Where no quote comes at all for as long as a quoted field may be, the border is in none.
// (The idea: Ge et al., "Speculative Distributed CSV Data Parsing for Big Data Analytics", SIGMOD 2019.)

import { csvFieldBytesMax } from "../../limits/formats.ts";

const fieldStart = 1;
const bare = 2;
const quoted = 4;
/** After a quote within quotes: the end of the field, or the first of two that stand for one. */
const quoteSeen = 8;
const returnSeen = 16;

const quoteByte = 34;
const newlineByte = 10;
const returnByte = 13;

/** States after a byte, for a set of states before it. */
function step(states: number, byte: number, delimiter: number): number {
  let next = 0;
  if (byte === quoteByte) {
    if ((states & (fieldStart | quoteSeen)) !== 0) next |= quoted;
    if ((states & quoted) !== 0) next |= quoteSeen;
    return next;
  }
  if ((states & quoted) !== 0) next |= quoted;
  if (byte === newlineByte) {
    if ((states & (fieldStart | bare | quoteSeen | returnSeen)) !== 0) next |= fieldStart;
  } else if (byte === delimiter) {
    if ((states & (fieldStart | bare | quoteSeen)) !== 0) next |= fieldStart;
  } else {
    if ((states & (fieldStart | bare)) !== 0) next |= bare;
    if (byte === returnByte && (states & quoteSeen) !== 0) next |= returnSeen;
  }
  return next;
}

export type Border =
  /** Index of the first byte of a record; the length of the bytes where none begins in them. */
  | { readonly kind: "found"; readonly at: number }
  /** Too few bytes to tell, or to find the end of the record that they begin in. */
  | { readonly kind: "more" }
  /** Neither possibility agrees with the bytes: the file is malformed, and has to be read from its start. */
  | { readonly kind: "unclear" };

/** Bytes that are looked at to tell whether a border lies in quotes. */
export const borderBytes = csvFieldBytesMax;

/** `bytes` begin with the one before the border; `atEnd` says that the file ends with them. */
export function findBorder(bytes: Uint8Array, delimiter: number, atEnd: boolean): Border {
  let outside = fieldStart | bare | quoteSeen;
  let inside = quoted;
  const limit = Math.min(bytes.length, borderBytes);
  if (bytes.subarray(0, limit).indexOf(quoteByte) < 0) {
    // Nothing to follow: inside quotes stays inside, which the end of the file or the bound rules out.
    const isSure = limit === borderBytes || (atEnd && limit === bytes.length);
    return isSure ? firstRecord(bytes, false, atEnd) : { kind: "more" };
  }
  let at = 0;
  for (; at < limit && outside !== 0 && inside !== 0; at++) {
    const byte = bytes[at]!;
    outside = step(outside, byte, delimiter);
    inside = step(inside, byte, delimiter);
  }
  if (outside !== 0 && inside !== 0) {
    if (atEnd && at === bytes.length) {
      // Only one of them ends outside quotes.
      if (outside === quoted) outside = 0;
      if (inside === quoted) inside = 0;
    } else if (at < borderBytes) return { kind: "more" };
  }
  // What is left has to agree with all bytes at hand: in a malformed file it may be the wrong one.
  for (; at < limit; at++) {
    outside = step(outside, bytes[at]!, delimiter);
    inside = step(inside, bytes[at]!, delimiter);
  }
  if (atEnd && at === bytes.length && (outside | inside) === quoted) return { kind: "unclear" };
  if ((outside === 0) === (inside === 0)) return { kind: "unclear" };
  return firstRecord(bytes, inside !== 0, atEnd);
}

/** The byte after the first newline outside quotes. */
function firstRecord(bytes: Uint8Array, startsInside: boolean, atEnd: boolean): Border {
  let isInside = startsInside;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at]!;
    if (byte === quoteByte) isInside = !isInside;
    else if (byte === newlineByte && !isInside) return { kind: "found", at: at + 1 };
  }
  return atEnd ? { kind: "found", at: bytes.length } : { kind: "more" };
}
