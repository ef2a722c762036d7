// Arrow IPC files of others, read batch by batch: a file's footer says where its record batches lie.

import {
  type Field as ArrowField,
  type AsyncRecordBatchFileReader,
  type RecordBatch,
  RecordBatchReader,
} from "apache-arrow";
import { EngineError } from "../errors.ts";
import type { Schema } from "../plan/types.ts";
import { arrowFault, foreignColumn, foreignField } from "./arrow-foreign.ts";
import { loadBufferCodecs } from "./arrow-packed.ts";
import { type Batch, makeBatch } from "./batch.ts";

export interface ArrowInput {
  readonly uri: string;
  readonly sizeBytes: number;
  readonly read: (offsetBytes: number, lengthBytes: number) => Promise<Uint8Array>;
}

interface Block {
  readonly startByte: number;
  readonly endByte: number;
}

export interface ArrowFile {
  readonly input: ArrowInput;
  readonly schema: Schema;
  readonly contents: Contents;
}

type Contents =
  | {
      readonly kind: "file";
      readonly reader: AsyncRecordBatchFileReader;
      readonly batches: readonly Block[];
    }
  /** Its batches are found one after the other only. */
  | { readonly kind: "stream"; readonly bytes: Uint8Array };

const magic = "ARROW1";
const tailBytes = 10;
/** What is read where no message is known to lie: the footer. */
const tailBytesRead = 64 * 1024;

/** Blocks of one vector of the footer: structs of an offset, a length of metadata, a length of data. */
function blocksOf(view: DataView, table: number, slot: number): Block[] {
  const vtable = table - view.getInt32(table, true);
  const at = 4 + 2 * slot;
  if (at >= view.getUint16(vtable, true)) return [];
  const offset = view.getUint16(vtable + at, true);
  if (offset === 0) return [];
  const vector = table + offset + view.getUint32(table + offset, true);
  return Array.from({ length: view.getUint32(vector, true) }, (_, index) => {
    const block = vector + 4 + 24 * index;
    const startByte = Number(view.getBigInt64(block, true));
    const bytes = view.getInt32(block + 8, true) + Number(view.getBigInt64(block + 16, true));
    return { startByte, endByte: startByte + bytes };
  });
}

async function readBlock(
  { uri, read }: ArrowInput,
  { startByte, endByte }: Block,
): Promise<Uint8Array> {
  const bytes = await read(startByte, endByte - startByte);
  if (bytes.length === endByte - startByte) return bytes;
  throw arrowFault(uri, `it ends within the message at byte ${startByte}`);
}

/**
 * The file as the parser reads it, in many small steps: a message is fetched whole by the first of them.
 */
class MessageHandle {
  /** The parser knows a file by it. */
  readonly fd = 0;
  private readonly input: ArrowInput;
  private readonly blocks: readonly Block[];
  private held: Block & { readonly bytes: Uint8Array };

  constructor(input: ArrowInput, blocks: readonly Block[]) {
    this.input = input;
    this.blocks = blocks;
    this.held = { startByte: 0, endByte: 0, bytes: new Uint8Array(0) };
  }

  async stat() {
    return { size: this.input.sizeBytes };
  }

  async close(): Promise<void> {}

  async read(buffer: Uint8Array, offset: number, length: number, position: number) {
    const isHeld = (block: Block) => block.startByte <= position && position < block.endByte;
    if (!isHeld(this.held)) {
      const endByte = Math.min(this.input.sizeBytes, position + Math.max(length, tailBytesRead));
      const block = this.blocks.find(isHeld) ?? { startByte: position, endByte };
      this.held = { ...block, bytes: await readBlock(this.input, block) };
    }
    const from = position - this.held.startByte;
    const part = this.held.bytes.subarray(from, from + length);
    buffer.set(part, offset);
    return { bytesRead: part.length, buffer };
  }
}

/** Runs a step of the parser, whose failures name the file. */
async function parsing<T>(uri: string, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    if (cause instanceof EngineError) throw cause;
    throw new EngineError(
      "INPUT_MALFORMED",
      `${uri} cannot be read as Arrow: ${cause instanceof Error ? cause.message : "unknown"}`,
      { file: uri },
      cause,
    );
  }
}

/** Where record batches and dictionaries lie; undefined for what is no file, but a stream. */
async function readFooter(
  input: ArrowInput,
): Promise<{ readonly batches: Block[]; readonly dictionaries: Block[] } | undefined> {
  const { uri, sizeBytes, read } = input;
  const start = new TextDecoder("latin1").decode(await read(0, Math.min(sizeBytes, magic.length)));
  if (start !== magic) return undefined;
  const tail = await read(sizeBytes - tailBytes, tailBytes);
  const isComplete = new TextDecoder("latin1").decode(tail.subarray(4)) === magic;
  if (sizeBytes < 2 * tailBytes || !isComplete)
    throw arrowFault(uri, `it does not end with "${magic}"`);
  const footerBytes = new DataView(tail.buffer, tail.byteOffset, tailBytes).getInt32(0, true);
  if (footerBytes <= 0 || footerBytes > sizeBytes - 2 * tailBytes)
    throw arrowFault(uri, "its footer has no possible size");
  const footer = await read(sizeBytes - tailBytes - footerBytes, footerBytes);
  const view = new DataView(footer.buffer, footer.byteOffset, footer.length);
  let dictionaries: Block[];
  let batches: Block[];
  try {
    const table = view.getUint32(0, true);
    dictionaries = blocksOf(view, table, 2);
    batches = blocksOf(view, table, 3);
  } catch (cause) {
    throw new EngineError(
      "INPUT_MALFORMED",
      `${uri} has a damaged Arrow footer`,
      { file: uri },
      cause,
    );
  }
  const all = [...dictionaries, ...batches];
  const isWithin = all.every(
    ({ startByte, endByte }) => startByte >= 8 && endByte >= startByte && endByte <= sizeBytes,
  );
  if (!isWithin) throw arrowFault(uri, "its footer names messages outside of it");
  return { batches, dictionaries };
}

/** Reads the schema, and where the batches lie. Throws INPUT_MALFORMED naming the file. */
export async function openArrow(input: ArrowInput): Promise<ArrowFile> {
  const { uri, sizeBytes } = input;
  await loadBufferCodecs();
  const found = await readFooter(input);
  if (found === undefined) {
    const bytes = await readBlock(input, { startByte: 0, endByte: sizeBytes });
    return parsing(uri, async () => {
      const reader = RecordBatchReader.from(bytes);
      reader.open();
      const fields = reader.schema.fields.map((field: ArrowField) => foreignField(field, uri));
      return { input, schema: { fields }, contents: { kind: "stream", bytes } };
    });
  }
  const { batches, dictionaries } = found;
  return parsing(uri, async () => {
    const handle = new MessageHandle(input, [...dictionaries, ...batches]);
    // The parser takes any object that reads like a file of Node's.
    const reader = (await RecordBatchReader.from(handle as never)) as AsyncRecordBatchFileReader;
    await reader.open();
    const fields = reader.schema.fields.map((field: ArrowField) => foreignField(field, uri));
    return { input, schema: { fields }, contents: { kind: "file", reader, batches } };
  });
}

function batchOf(record: RecordBatch, uri: string): Batch {
  const columns = record.schema.fields.map((field: ArrowField, index: number) =>
    foreignColumn(field, record.data.children[index]!, uri),
  );
  return { ...makeBatch("record", columns), rows: record.numRows };
}

/** Batches whose middle byte lies in the range, all columns as the file has them. */
export async function* readArrow(
  { input, contents }: ArrowFile,
  range: { readonly startByte: number; readonly endByte: number },
): AsyncGenerator<Batch> {
  const { uri } = input;
  if (contents.kind === "stream") {
    if (range.startByte > 0) return;
    yield* await parsing(uri, async () =>
      [...RecordBatchReader.from(contents.bytes)].map((record) => batchOf(record, uri)),
    );
    return;
  }
  for (const [index, { startByte, endByte }] of contents.batches.entries()) {
    const middle = Math.floor((startByte + endByte) / 2);
    if (middle < range.startByte || middle >= range.endByte) continue;
    yield await parsing(uri, async () => {
      const record = await contents.reader.readRecordBatch(index);
      if (record !== null) return batchOf(record, uri);
      throw arrowFault(uri, `record batch ${index} is missing`);
    });
  }
}
