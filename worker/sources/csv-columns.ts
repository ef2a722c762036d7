// CSV files as a source of typed columns: the records whose first byte lies in the split.

import type { Batch } from "../../proto/batch/batch.ts";
import { EngineError } from "../../proto/errors.ts";
import { borderBytes, findBorder } from "../../proto/formats/csv/border.ts";
import { type CsvHead, csvHead } from "../../proto/formats/csv/head.ts";
import { CsvRecordFault, CsvRecords } from "../../proto/formats/csv/records.ts";
import { batchRowsMax } from "../../proto/limits.ts";
import type { FileRange } from "../../proto/plan/program.ts";
import { validTexts } from "../kernels/texts/utf8.ts";
import type { ByteBlocks } from "./byte-reader.ts";
import type { ColumnsWorld, FileSelection } from "./columns.ts";
import { csvScanner, locateLine, openWhole } from "./record-region.ts";

/** Enough for any header; a longer first record is read on. */
const headBlockBytes = 64 * 1024;

async function readAtLeast(blocks: ByteBlocks, bytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  while (length < bytes) {
    const block = await blocks.next();
    if (block === undefined) break;
    // Its bytes are valid until the next call only.
    parts.push(Uint8Array.from(block));
    length += block.length;
  }
  return Buffer.concat(parts);
}

function layoutOf({ program }: FileSelection) {
  const { header = true, delimiter = ",", nullText } = program.options;
  return { header, delimiter, ...(nullText === undefined ? {} : { nullText }) };
}

async function headOf(selection: FileSelection, world: ColumnsWorld): Promise<CsvHead> {
  const { range } = selection;
  const isPacked = range.compression !== "none";
  for (let wanted = headBlockBytes; ; wanted *= 8) {
    const blocks = isPacked
      ? openWhole(world, range)
      : world.reader.openRange(range.uri, 0, range.fileBytes, headBlockBytes);
    const bytes = await readAtLeast(blocks, wanted);
    blocks.close();
    world.count.add(bytes.length);
    const head = namedHead(range, () => csvHead(bytes, layoutOf(selection), bytes.length < wanted));
    if (head !== undefined) return head;
  }
}

/** What is wrong with a header, with the file that it is of. */
function namedHead({ uri }: FileRange, find: () => CsvHead | undefined): CsvHead | undefined {
  try {
    return find();
  } catch (thrown) {
    if (!(thrown instanceof EngineError)) throw thrown;
    throw new EngineError(thrown.code, `${uri}: ${thrown.message}`, { file: uri, line: 1 }, thrown);
  }
}

/** Where the first record of a split begins that is not the file's first. */
async function borderOf(selection: FileSelection, world: ColumnsWorld): Promise<number> {
  const { range } = selection;
  const before = range.startByte - 1;
  const delimiter = layoutOf(selection).delimiter.charCodeAt(0);
  for (let wanted = headBlockBytes; ; wanted *= 4) {
    const blocks = world.reader.openRange(range.uri, before, range.fileBytes, headBlockBytes);
    const bytes = await readAtLeast(blocks, wanted);
    blocks.close();
    world.count.add(bytes.length);
    const border = findBorder(bytes, delimiter, before + bytes.length >= range.fileBytes);
    if (border.kind === "found") return before + border.at;
    if (border.kind === "unclear") return borderFromStart(range, world);
    // More than two quoted fields could take: whatever it is, it is no record.
    if (wanted > 64 * borderBytes) return borderFromStart(range, world);
  }
}

/** By the quotes of all earlier bytes: for what is malformed, so that its fault is told as it is. */
async function borderFromStart(range: FileRange, world: ColumnsWorld): Promise<number> {
  const scanner = csvScanner();
  const before = range.startByte - 1;
  let at = 0;
  const blocks = world.reader.openRange(range.uri, 0, range.fileBytes);
  for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
    const skip = Math.max(0, Math.min(block.length, before - at));
    scanner.pass(block, 0, skip);
    const end = skip < block.length ? scanner.endAfter(block, skip) : -1;
    if (end >= 0) {
      blocks.close();
      return at + end;
    }
    at += block.length;
  }
  return range.fileBytes;
}

async function faultOf(
  fault: CsvRecordFault,
  { range }: FileSelection,
  world: ColumnsWorld,
): Promise<EngineError> {
  const { line } = await locateLine(world, range, fault.atByte, 0);
  const where = fault.column === undefined ? "" : `, column "${fault.column}"`;
  return new EngineError(
    "INPUT_MALFORMED",
    `line ${line} of ${range.uri} (byte ${fault.atByte}${where}) is not as it should be: ${fault.message}`,
    { file: range.uri, line, byteOffset: fault.atByte },
  );
}

function checkColumns({ range, fields }: FileSelection, { names }: CsvHead): void {
  const missing = fields.find(({ name }) => !names.includes(name));
  if (missing === undefined) return;
  throw new EngineError(
    "INPUT_MALFORMED",
    `${range.uri} has no column "${missing.name}"; it has ${names.join(", ")}`,
    { file: range.uri },
  );
}

async function* recordsOf(selection: FileSelection, world: ColumnsWorld): AsyncGenerator<Batch> {
  const { range, fields } = selection;
  const head = await headOf(selection, world);
  checkColumns(selection, head);
  const isPacked = range.compression !== "none";
  const isFirst = range.startByte === 0;
  const firstByte = isFirst ? head.firstByte : await borderOf(selection, world);
  const stopByte =
    isPacked || range.endByte >= range.fileBytes ? Number.POSITIVE_INFINITY : range.endByte;
  // The header may reach into later splits.
  const startByte = Math.max(firstByte, head.firstByte);
  if (startByte >= stopByte) {
    await checkNext(selection, world, startByte, stopByte);
    return;
  }
  const records = new CsvRecords(head.names, fields, layoutOf(selection), startByte);
  const blocks = isPacked
    ? openWhole(world, range)
    : world.reader.openRange(range.uri, startByte, range.fileBytes);
  // A byte order mark was taken off, which the head counts.
  let skip = isPacked ? startByte : 0;
  const handedRows = Math.max(1, world.rowsWantedFirst ?? batchRowsMax);
  try {
    for (let block = await blocks.next(); block !== undefined; block = await blocks.next()) {
      world.count.add(block.length);
      const from = Math.min(skip, block.length);
      skip -= from;
      yield* records.push(block.subarray(from), stopByte, false);
      if (records.gatheredRows >= handedRows) yield records.finish()!;
      if (records.nextByte >= stopByte) break;
    }
    yield* records.push(new Uint8Array(0), stopByte, true);
    const rest = records.finish();
    if (rest !== undefined) yield rest;
  } finally {
    blocks.close();
  }
  await checkNext(selection, world, records.nextByte, stopByte);
}

/**
 * Where this piece ends the next one has to begin. The first piece begins at the beginning, so that with every piece
 * checked by the one before it, all were cut where one reader of the whole file would have: a file that is malformed
 * in a way that makes a piece mistake quotes for the opposite is refused, never misread.
 */
async function checkNext(
  selection: FileSelection,
  world: ColumnsWorld,
  endedAt: number,
  stopByte: number,
): Promise<void> {
  if (stopByte === Number.POSITIVE_INFINITY) return;
  const { range } = selection;
  const next = { ...selection, range: { ...range, startByte: stopByte } };
  const begins = Math.min(await borderOf(next, world), range.fileBytes);
  const ended = Math.min(endedAt, range.fileBytes);
  if (begins === ended) return;
  throw new EngineError(
    "INPUT_MALFORMED",
    `${range.uri} is not valid CSV near byte ${stopByte}: read from before, a record begins at byte ${ended}, and by ` +
      `what follows at byte ${begins}; look for a quote that is not doubled, or a field that begins or ends within quotes`,
    { file: range.uri, byteOffset: Math.min(begins, ended) },
  );
}

/** Bytes keep their places in the file while they are parsed, so that texts are mended only when they are columns. */
function withValidTexts(batch: Batch): Batch {
  const columns = batch.columns.map((column) =>
    column.type === "utf8" ? validTexts(column) : column,
  );
  return { ...batch, columns };
}

export async function* csvColumns(
  selection: FileSelection,
  world: ColumnsWorld,
): AsyncGenerator<Batch> {
  try {
    for await (const batch of recordsOf(selection, world)) yield withValidTexts(batch);
  } catch (thrown) {
    if (thrown instanceof CsvRecordFault) throw await faultOf(thrown, selection, world);
    throw thrown;
  }
}
