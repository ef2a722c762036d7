// Writes one column of a row group: a dictionary where it pays, a page for each batch, and statistics.

import { decimalWords, type TextColumn } from "../../batch/column.ts";
import { parquetDictionaryBytesMax } from "../../limits/formats.ts";
import type { Pack } from "../compression/codecs.ts";
import { TextDictionary, WordDictionary } from "./dictionary-write.ts";
import { encodings } from "./metadata.ts";
import { bitsFor } from "./runs.ts";
import { writeOneRun, writeRuns } from "./runs-write.ts";
import type { ShreddedLeaf } from "./shred.ts";
import { type Bounds, boundsOf } from "./statistics-write.ts";
import { i32, struct, thriftBytes } from "./thrift-write.ts";

/** Highest levels of a leaf. */
export interface LeafLevels {
  readonly definition: number;
  readonly repetition: number;
}

export interface WrittenChunk {
  /** In the order of the file. */
  readonly parts: readonly Uint8Array[];
  readonly values: number;
  readonly nulls: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Bytes before the first data page; 0 without a dictionary. */
  readonly dictionaryBytes: number;
  readonly encodings: readonly number[];
  readonly bounds: Bounds | undefined;
}

/** Codes of each piece, and the values that they stand for, as they are stored. */
interface Coded {
  readonly codes: readonly Int32Array[];
  readonly size: number;
  readonly bytes: Uint8Array;
}

type LeafColumn = ShreddedLeaf["column"];

/** Columns whose values are words of 32 bits, and how many. */
function wordsOf(
  column: LeafColumn,
): { readonly words: 1 | 2 | 4; readonly values: Int32Array } | undefined {
  switch (column.type) {
    case "int32":
    case "date":
      return { words: 1, values: column.values };
    case "int53":
    case "int64":
    case "timestamp":
    case "float64": {
      const { buffer, byteOffset, length } = column.values;
      return { words: 2, values: new Int32Array(buffer, byteOffset, length * 2) };
    }
    case "decimal": {
      const { buffer, byteOffset, length } = column.values;
      const words = decimalWords(column.precision) === 1 ? 2 : 4;
      return { words, values: new Int32Array(buffer, byteOffset, length * 2) };
    }
    default:
      return undefined;
  }
}

/** Wide decimals are stored with their highest byte first. */
function wideDecimals(
  values: Int32Array,
  slots: Int32Array | undefined,
  count: number,
): Uint8Array {
  const out = new Uint8Array(count * 16);
  const from = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  for (let i = 0; i < count; i++) {
    const at = (slots === undefined ? i : slots[i]!) * 16;
    for (let byte = 0; byte < 16; byte++) out[i * 16 + byte] = from[at + 15 - byte]!;
  }
  return out;
}

function plainWords(leaf: ShreddedLeaf, words: 1 | 2 | 4, values: Int32Array): Uint8Array {
  const { slots, values: count } = leaf;
  if (words === 4) return wideDecimals(values, slots, count);
  if (slots === undefined) {
    return new Uint8Array(values.buffer, values.byteOffset, count * words * 4);
  }
  const out = new Int32Array(count * words);
  if (words === 1) for (let i = 0; i < count; i++) out[i] = values[slots[i]!]!;
  else {
    for (let i = 0; i < count; i++) {
      out[2 * i] = values[2 * slots[i]!]!;
      out[2 * i + 1] = values[2 * slots[i]! + 1]!;
    }
  }
  return new Uint8Array(out.buffer);
}

/** Each text after its length. */
function plainTexts(
  text: Pick<TextColumn, "offsets" | "values">,
  slots: Int32Array | undefined,
  count: number,
): Uint8Array {
  const { offsets, values } = text;
  let total = 4 * count;
  for (let i = 0; i < count; i++) {
    const slot = slots === undefined ? i : slots[i]!;
    total += offsets[slot + 1]! - offsets[slot]!;
  }
  const out = new Uint8Array(total);
  let at = 0;
  for (let i = 0; i < count; i++) {
    const slot = slots === undefined ? i : slots[i]!;
    const start = offsets[slot]!;
    const length = offsets[slot + 1]! - start;
    out[at] = length & 255;
    out[at + 1] = (length >>> 8) & 255;
    out[at + 2] = (length >>> 16) & 255;
    out[at + 3] = length >>> 24;
    at += 4;
    if (length > 48) out.set(values.subarray(start, start + length), at);
    else for (let byte = 0; byte < length; byte++) out[at + byte] = values[start + byte]!;
    at += length;
  }
  return out;
}

function plainBools(values: Uint8Array, slots: Int32Array | undefined, count: number): Uint8Array {
  if (slots === undefined) return values.subarray(0, (count + 7) >> 3);
  const out = new Uint8Array((count + 7) >> 3);
  for (let i = 0; i < count; i++) {
    const slot = slots[i]!;
    out[i >> 3] = out[i >> 3]! | (((values[slot >> 3]! >> (slot & 7)) & 1) << (i & 7));
  }
  return out;
}

function plainValues(leaf: ShreddedLeaf): Uint8Array {
  const { column, slots, values: count } = leaf;
  const words = wordsOf(column);
  if (words !== undefined) return plainWords(leaf, words.words, words.values);
  switch (column.type) {
    case "bool":
      return plainBools(column.values, slots, count);
    case "utf8":
    case "binary":
    case "json":
      return plainTexts(column, slots, count);
    case "dictionary": {
      const codes = new Int32Array(count);
      for (let i = 0; i < count; i++) codes[i] = column.codes[slots === undefined ? i : slots[i]!]!;
      return plainTexts(column.dictionary, codes, count);
    }
    default:
      return new Uint8Array(0);
  }
}

/** Codes of texts that are codes already: each word of a dictionary is looked up once. */
function recode(
  leaf: ShreddedLeaf,
  codes: Int32Array,
  dictionary: TextColumn,
  into: TextDictionary,
): Int32Array | undefined {
  const known = new Int32Array(dictionary.length).fill(-2);
  const out = new Int32Array(leaf.values);
  for (let i = 0; i < out.length; i++) {
    const code = codes[leaf.slots === undefined ? i : leaf.slots[i]!]!;
    let mine = known[code]!;
    if (mine === -2) {
      const { offsets, values } = dictionary;
      mine = into.add(values, offsets[code]!, offsets[code + 1]!);
      if (mine < 0) return undefined;
      known[code] = mine;
    }
    out[i] = mine;
  }
  return out;
}

function codeTexts(leaf: ShreddedLeaf, into: TextDictionary): Int32Array | undefined {
  const { column, slots } = leaf;
  if (column.type === "dictionary") return recode(leaf, column.codes, column.dictionary, into);
  if (column.type !== "utf8") return undefined;
  const { offsets, values } = column;
  const out = new Int32Array(leaf.values);
  for (let i = 0; i < out.length; i++) {
    const slot = slots === undefined ? i : slots[i]!;
    const code = into.add(values, offsets[slot]!, offsets[slot + 1]!);
    if (code < 0) return undefined;
    out[i] = code;
  }
  return out;
}

function codeWords(
  leaf: ShreddedLeaf,
  words: 1 | 2,
  values: Int32Array,
  into: WordDictionary,
): Int32Array | undefined {
  const out = new Int32Array(leaf.values);
  for (let i = 0; i < out.length; i++) {
    const slot = leaf.slots === undefined ? i : leaf.slots[i]!;
    const code =
      words === 1 ? into.add(values[slot]!, 0) : into.add(values[2 * slot]!, values[2 * slot + 1]!);
    if (code < 0) return undefined;
    out[i] = code;
  }
  return out;
}

/** Undefined where a dictionary does not pay, or is not known for the type. */
function coded(pieces: readonly ShreddedLeaf[]): Coded | undefined {
  const first = pieces[0]!.column;
  if (first.type === "utf8" || first.type === "dictionary") {
    const dictionary = new TextDictionary(parquetDictionaryBytesMax);
    const codes = codeAll(pieces, (leaf) => codeTexts(leaf, dictionary));
    if (codes === undefined || dictionary.size === 0) return undefined;
    const text = { offsets: dictionary.offsets, values: dictionary.bytes };
    return { codes, size: dictionary.size, bytes: plainTexts(text, undefined, dictionary.size) };
  }
  const words = wordsOf(first)?.words;
  if (words === undefined || words === 4) return undefined;
  const dictionary = new WordDictionary(words);
  const codes = codeAll(pieces, (leaf) =>
    codeWords(leaf, words, wordsOf(leaf.column)!.values, dictionary),
  );
  if (codes === undefined || dictionary.size === 0) return undefined;
  return { codes, size: dictionary.size, bytes: dictionary.bytes };
}

function codeAll(
  pieces: readonly ShreddedLeaf[],
  code: (leaf: ShreddedLeaf) => Int32Array | undefined,
): readonly Int32Array[] | undefined {
  const all: Int32Array[] = [];
  for (const leaf of pieces) {
    const codes = code(leaf);
    if (codes === undefined) return undefined;
    all.push(codes);
  }
  return all;
}

function withLength(bytes: Uint8Array): readonly Uint8Array[] {
  const { length } = bytes;
  return [
    Uint8Array.of(length & 255, (length >>> 8) & 255, (length >>> 16) & 255, length >>> 24),
    bytes,
  ];
}

/** Levels of a page, each kind after its length; nothing for a kind of which there is one level only. */
function levelParts(
  leaf: ShreddedLeaf,
  { definition, repetition }: LeafLevels,
): readonly Uint8Array[] {
  const { entries } = leaf;
  const write = (levels: Uint8Array | undefined, most: number, otherwise: number) =>
    withLength(
      levels === undefined
        ? writeOneRun(otherwise, entries, bitsFor(most))
        : writeRuns(levels, entries, bitsFor(most)),
    );
  return [
    ...(repetition > 0 ? write(leaf.repetitions, repetition, 0) : []),
    ...(definition > 0 ? write(leaf.definitions, definition, definition) : []),
  ];
}

/** Pages of one chunk, packed, behind their heads. */
class Pages {
  readonly parts: Uint8Array[] = [];
  packedBytes = 0;
  unpackedBytes = 0;
  private readonly pack: Pack;

  constructor(pack: Pack) {
    this.pack = pack;
  }

  add(
    parts: readonly Uint8Array[],
    kind: "dictionary" | "data",
    values: number,
    encoding: number,
  ): void {
    const packed = this.pack(...parts);
    const unpackedBytes = parts.reduce((sum, part) => sum + part.length, 0);
    const isDictionary = kind === "dictionary";
    const own = isDictionary
      ? struct([1, i32(values)], [2, i32(encoding)])
      : struct(
          [1, i32(values)],
          [2, i32(encoding)],
          [3, i32(encodings.rle)],
          [4, i32(encodings.rle)],
        );
    const head = thriftBytes(
      struct(
        [1, i32(isDictionary ? 2 : 0)],
        [2, i32(unpackedBytes)],
        [3, i32(packed.length)],
        [isDictionary ? 7 : 5, own],
      ),
    );
    this.parts.push(head, packed);
    this.packedBytes += head.length + packed.length;
    this.unpackedBytes += head.length + unpackedBytes;
  }
}

/** `pieces`: the leaf in each batch of the row group. */
export function writeChunk(
  pieces: readonly ShreddedLeaf[],
  levels: LeafLevels,
  pack: Pack,
): WrittenChunk {
  const dictionary = coded(pieces);
  const pages = new Pages(pack);
  let dictionaryBytes = 0;
  if (dictionary !== undefined) {
    pages.add([dictionary.bytes], "dictionary", dictionary.size, encodings.plain);
    dictionaryBytes = pages.packedBytes;
  }
  for (const [index, leaf] of pieces.entries()) {
    const parts = [...levelParts(leaf, levels)];
    if (dictionary === undefined) parts.push(plainValues(leaf));
    else {
      // Some readers do not know of numbers of no bits.
      const width = Math.max(1, bitsFor(dictionary.size - 1));
      const codes = dictionary.codes[index]!;
      parts.push(Uint8Array.of(width), writeRuns(codes, codes.length, width));
    }
    const encoding = dictionary === undefined ? encodings.plain : encodings.rleDictionary;
    pages.add(parts, "data", leaf.entries, encoding);
  }
  const values = pieces.reduce((sum, leaf) => sum + leaf.entries, 0);
  const valid = pieces.reduce((sum, leaf) => sum + leaf.values, 0);
  return {
    parts: pages.parts,
    values,
    nulls: values - valid,
    packedBytes: pages.packedBytes,
    unpackedBytes: pages.unpackedBytes,
    dictionaryBytes,
    encodings:
      dictionary === undefined
        ? [encodings.plain, encodings.rle]
        : [encodings.plain, encodings.rle, encodings.rleDictionary],
    bounds: boundsOf(pieces),
  };
}
