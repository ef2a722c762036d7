// Rows of batches by the part that each belongs to, in their order within it.
//
// Ordered all at once, into memory that the parts share: one large array costs less than many small ones.

import type { Batch } from "../../../proto/batch/batch.ts";
import { type Column, decimalWords, type TextColumn } from "../../../proto/batch/column.ts";
import { concat, concatBatches } from "./concat.ts";
import { copyOfInts, type DivideKernel, withDivideKernel } from "./divide-kernel.ts";
import { gather, isPlainText, slice } from "./gather.ts";
import { groupRows } from "./group-index.ts";
import { withRows } from "./with-rows.ts";

/** Fewer rows are not worth a call of the kernel. */
const kernelRowsMin = 512;
/** Offsets of a column are numbers of 32 bits with a sign. */
const textBytesMax = 0x7fff_ffff;

/** The rows from a place to another of those that are divided. */
type PartOf = (start: number, end: number) => Column;

interface Divided {
  /** The place behind the last row of each part. */
  readonly ends: Int32Array;
  readonly columns: readonly PartOf[];
}

function picked(column: Column, rows: Int32Array): PartOf {
  // A slice of lists would be written with the items of all parts.
  if (column.type === "list" || column.type === "struct") {
    return (start, end) => gather(column, rows.subarray(start, end));
  }
  return sliced(gather(column, rows));
}

function sliced(ordered: Column): PartOf {
  return (start, end) => slice(ordered, start, end);
}

/** Bytes of each row, where all have as many and none is null. */
function fixedBytes(column: Column): 4 | 8 | 16 | undefined {
  if (column.validity !== undefined) return undefined;
  switch (column.type) {
    case "int32":
    case "date":
    case "dictionary":
      return 4;
    case "float64":
    case "int53":
    case "int64":
    case "timestamp":
      return 8;
    case "decimal":
      return decimalWords(column.precision) === 1 ? 8 : 16;
    default:
      return undefined;
  }
}

/** The rows of a column that `fixedBytes` knows, as words of 32 bits. */
function wordsOf(column: Column, bytes: number): Uint32Array {
  const { buffer, byteOffset } =
    column.type === "dictionary" ? column.codes : (column as { values: ArrayBufferView }).values;
  return new Uint32Array(buffer, byteOffset, (column.length * bytes) >> 2);
}

/** Whether rows of all pieces can be written into one column as they are. */
function areAlike(pieces: readonly Column[]): boolean {
  const [first] = pieces;
  const bytes = fixedBytes(first!);
  if (bytes === undefined) return false;
  return pieces.every((piece) => {
    if (piece.type !== first!.type || fixedBytes(piece) !== bytes) return false;
    return piece.type !== "dictionary" || piece.dictionary === (first as typeof piece).dictionary;
  });
}

const textBytes = ({ offsets, length }: TextColumn): number => offsets[length]! - offsets[0]!;

/** As `areAlike`, of texts, none of which is null. */
function areTexts(pieces: readonly Column[]): pieces is readonly TextColumn[] {
  const [first] = pieces;
  let bytes = 0;
  for (const piece of pieces) {
    if (piece.type !== first!.type || !isPlainText(piece) || piece.validity !== undefined) {
      return false;
    }
    bytes += textBytes(piece);
  }
  return bytes <= textBytesMax;
}

/** Where what the kernel reads and writes lies in its memory. */
interface Memory {
  readonly places: number;
  readonly from: number;
  readonly offsets: number;
  readonly to: number;
  readonly starts: number;
}

/** All rows of a column in their new order. */
function scattered(kernel: DivideKernel, memory: Memory, pieces: readonly Column[], rows: number) {
  const [first] = pieces;
  const bytes = fixedBytes(first!)!;
  const { buffer } = kernel.memory;
  const scatter = bytes === 4 ? kernel.scatter4 : bytes === 8 ? kernel.scatter8 : kernel.scatter16;
  let { places } = memory;
  for (const piece of pieces) {
    const words = wordsOf(piece, bytes);
    new Uint32Array(buffer, memory.from, words.length).set(words);
    scatter(memory.from, places, piece.length, memory.to);
    places += 4 * piece.length;
  }
  return withRows(baseOf(pieces), buffer.slice(memory.to, memory.to + rows * bytes), rows);
}

/** Of one piece nulls keep their meaning, also where there are none; so does `concat`. */
function baseOf<Kind extends Column>(pieces: readonly Kind[]): Kind {
  return pieces.length === 1 ? pieces[0]! : { ...pieces[0]!, nulls: "null" };
}

/** As `scattered`, of texts: each of them is copied in, while it lies in a cache to its place, and out. */
function scatteredTexts(
  kernel: DivideKernel,
  { places, from, offsets: offsetsAt, to, starts }: Memory,
  pieces: readonly TextColumn[],
  rows: number,
): TextColumn {
  const { buffer } = kernel.memory;
  const putOffsets = ({ offsets, length }: TextColumn): void =>
    new Int32Array(buffer, offsetsAt, length + 1).set(offsets.subarray(0, length + 1));
  let at = places;
  for (const piece of pieces) {
    putOffsets(piece);
    kernel.placeLengths(offsetsAt, at, piece.length, starts);
    at += 4 * piece.length;
  }
  kernel.beginnings(starts, rows);
  at = places;
  for (const piece of pieces) {
    const first = piece.offsets[0]!;
    putOffsets(piece);
    new Uint8Array(buffer, from, textBytes(piece)).set(
      piece.values.subarray(first, piece.offsets[piece.length]),
    );
    kernel.scatterTexts(from - first, offsetsAt, at, piece.length, starts, to);
    at += 4 * piece.length;
  }
  const offsets = copyOfInts(kernel, starts, rows + 1);
  const values = new Uint8Array(buffer.slice(to, to + offsets[rows]!));
  return { ...baseOf(pieces), length: rows, offsets, values };
}

/** Room that the rows of columns take in the kernel: of one piece as they come, and of all in their new order. */
function roomOf(batches: readonly Batch[]): {
  readonly pieceBytes: number;
  readonly allBytes: number;
} {
  const pieceRows = batches.reduce((most, batch) => Math.max(most, batch.rows), 0);
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  let pieceBytes = 16 * pieceRows;
  let allBytes = 16 * rows;
  for (const column of batches[0]!.columns.keys()) {
    const pieces = batches.map((batch) => batch.columns[column]!);
    if (!areTexts(pieces)) continue;
    const sizes = pieces.map(textBytes);
    pieceBytes = Math.max(pieceBytes, ...sizes);
    allBytes = Math.max(
      allBytes,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }
  return { pieceBytes, allBytes };
}

/** Undefined where the kernel has no memory for so many rows. */
function byKernel(
  batches: readonly Batch[],
  parts: readonly Int32Array[],
  partCount: number,
  rows: number,
): Divided | undefined {
  const { pieceBytes, allBytes } = roomOf(batches);
  const numbers = 4 * (rows + 1);
  const lengths = [numbers, 4 * partCount, numbers, pieceBytes, numbers, allBytes, numbers];
  return withDivideKernel(lengths, (kernel, [places, endsAt, orderAt, ...memoryAt]) => {
    const [from, offsets, to, starts] = memoryAt;
    const memory: Memory = {
      places: places!,
      from: from!,
      offsets: offsets!,
      to: to!,
      starts: starts!,
    };
    const { buffer } = kernel.memory;
    let at = memory.places;
    for (const own of parts) {
      new Int32Array(buffer, at, own.length).set(own);
      at += own.byteLength;
    }
    kernel.place(memory.places, rows, partCount, endsAt!, memory.places);
    let order: Int32Array | undefined;
    const orderOf = (): Int32Array => {
      kernel.order(memory.places, rows, orderAt!);
      return copyOfInts(kernel, orderAt!, rows);
    };
    const columns = batches[0]!.columns.map(({ name }, column) => {
      const pieces = batches.map((batch) => batch.columns[column]!);
      if (pieces.every(({ type }) => type === "null")) return sliced(concat(name, pieces));
      if (areAlike(pieces)) return sliced(scattered(kernel, memory, pieces, rows));
      if (areTexts(pieces)) return sliced(scatteredTexts(kernel, memory, pieces, rows));
      order ??= orderOf();
      return picked(concat(name, pieces), order);
    });
    return { ends: copyOfInts(kernel, endsAt!, partCount), columns };
  });
}

/** What the kernel does, without it. */
function dividedPlainly(
  batches: readonly Batch[],
  parts: readonly Int32Array[],
  partCount: number,
  rows: number,
): Divided {
  const all = new Int32Array(rows);
  let at = 0;
  for (const own of parts) {
    all.set(own, at);
    at += own.length;
  }
  const { starts, rows: order } = groupRows(all, partCount);
  const columns = concatBatches(batches).columns.map((column) => picked(column, order));
  return { ends: starts.subarray(1), columns };
}

/**
 * Hands out the rows of each part that has some, in order; parts share memory. The batches have columns of the same
 * names and types, in the same order; `parts` has for each of them the parts of its rows.
 */
export function* divideRows(
  batches: readonly Batch[],
  parts: readonly Int32Array[],
  partCount: number,
): Iterable<readonly [part: number, rows: Batch]> {
  const rows = batches.reduce((sum, batch) => sum + batch.rows, 0);
  const divided =
    (rows < kernelRowsMin ? undefined : byKernel(batches, parts, partCount, rows)) ??
    dividedPlainly(batches, parts, partCount, rows);
  const { shape } = batches[0]!;
  let start = 0;
  for (let part = 0; part < partCount; part++) {
    const end = divided.ends[part]!;
    if (end === start) continue;
    const columns = divided.columns.map((column) => column(start, end));
    yield [part, { shape, rows: end - start, columns }];
    start = end;
  }
}
