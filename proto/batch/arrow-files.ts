// Arrow IPC files of others, read batch by batch: a file's footer says where its record batches lie.

import {
  type Field as ArrowField,
  type AsyncRecordBatchFileReader,
  type Data,
  type Decimal,
  type Dictionary,
  type Int,
  type RecordBatch,
  RecordBatchReader,
  type Timestamp,
  Type,
  Vector,
} from "apache-arrow";
import { EngineError } from "../errors.ts";
import {
  binaryType,
  boolType,
  type DataType,
  dateType,
  decimalType,
  type Field,
  float64Type,
  int32Type,
  int53Type,
  int64Type,
  jsonType,
  nullType,
  type Schema,
  utf8Type,
} from "../plan/types.ts";
import { columnOf } from "./arrow-read.ts";
import { typeKey } from "./arrow-types.ts";
import { type Batch, makeBatch } from "./batch.ts";
import { buildColumnAs } from "./build-column.ts";
import type { Column } from "./column.ts";

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

function fault(uri: string, what: string): EngineError {
  return new EngineError("INPUT_MALFORMED", `${uri} cannot be read as Arrow: ${what}`, {
    file: uri,
  });
}

function typeOf(field: ArrowField, uri: string): DataType {
  const { type } = field;
  const declared = field.metadata.get(typeKey);
  switch (type.typeId) {
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return declared === "json" ? jsonType : utf8Type;
    case Type.Binary:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return binaryType;
    case Type.Bool:
      return boolType;
    case Type.Null:
      return nullType;
    case Type.Float:
      return float64Type;
    case Type.Date:
      return dateType;
    case Type.Int: {
      const { bitWidth, isSigned } = type as Int;
      if (bitWidth === 64)
        return declared === "int53" ? int53Type : isSigned ? int64Type : decimalType(20, 0);
      return bitWidth === 32 && !isSigned ? int53Type : int32Type;
    }
    case Type.Timestamp: {
      const { timezone } = type as Timestamp;
      return timezone ? { kind: "timestamp", zone: timezone } : { kind: "timestamp" };
    }
    case Type.Decimal: {
      const { precision, scale } = type as Decimal;
      return decimalType(precision, scale);
    }
    case Type.List: {
      const [item] = type.children as ArrowField[];
      return { kind: "list", item: { ...fieldOf(item!, uri), name: "item" } };
    }
    case Type.Struct:
      return {
        kind: "struct",
        fields: (type.children as ArrowField[]).map((c) => fieldOf(c, uri)),
      };
    case Type.Dictionary: {
      const { dictionary } = type as Dictionary;
      return typeOf({ ...field, type: dictionary, metadata: field.metadata } as ArrowField, uri);
    }
    default:
      throw fault(
        uri,
        `column "${field.name}" has the type ${String(type)}, which is not known here`,
      );
  }
}

function fieldOf(field: ArrowField, uri: string): Field {
  return { name: field.name, type: typeOf(field, uri), nullable: field.nullable };
}

/** Types whose layout is not ours, by way of their values. */
function columnByValues(field: ArrowField, data: Data, type: DataType): Column {
  const vector = new Vector([data]);
  const values = Array.from({ length: data.length }, (_, index) => vector.get(index) as unknown);
  return buildColumnAs(field.name, type, values, "null");
}

function codesOf(data: Data): Int32Array {
  const codes = data.values as Int8Array | Int16Array | Int32Array | Uint8Array | Uint32Array;
  return codes instanceof Int32Array
    ? codes.subarray(0, data.length)
    : Int32Array.from(codes.subarray(0, data.length));
}

function readColumn(field: ArrowField, data: Data, uri: string): Column {
  const type = typeOf(field, uri);
  switch (field.type.typeId) {
    case Type.LargeUtf8:
    case Type.Utf8View:
    case Type.LargeBinary:
    case Type.BinaryView:
    case Type.FixedSizeBinary:
      return columnByValues(field, data, type);
    case Type.Dictionary: {
      const { dictionary } = data;
      const words = dictionary?.data[0];
      if (
        type.kind !== "utf8" ||
        words === undefined ||
        dictionary?.data.length !== 1 ||
        words.nullCount > 0
      ) {
        return columnByValues(field, data, type);
      }
      const own = { ...field, type: words.type, name: field.name } as ArrowField;
      const text = readColumn(own, words, uri);
      if (text.type !== "utf8") return columnByValues(field, data, type);
      const validity = data.nullCount > 0 ? (data.nullBitmap ?? undefined) : undefined;
      const base = { name: field.name, length: data.length, nulls: "null", validity } as const;
      return { ...base, type: "dictionary", codes: codesOf(data), dictionary: text };
    }
    default:
      return columnOf(field, data);
  }
}

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
  throw fault(uri, `it ends within the message at byte ${startByte}`);
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
  if (sizeBytes < 2 * tailBytes || !isComplete) throw fault(uri, `it does not end with "${magic}"`);
  const footerBytes = new DataView(tail.buffer, tail.byteOffset, tailBytes).getInt32(0, true);
  if (footerBytes <= 0 || footerBytes > sizeBytes - 2 * tailBytes)
    throw fault(uri, "its footer has no possible size");
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
  if (!isWithin) throw fault(uri, "its footer names messages outside of it");
  return { batches, dictionaries };
}

/** Reads the schema, and where the batches lie. Throws INPUT_MALFORMED naming the file. */
export async function openArrow(input: ArrowInput): Promise<ArrowFile> {
  const { uri, sizeBytes } = input;
  const found = await readFooter(input);
  if (found === undefined) {
    const bytes = await readBlock(input, { startByte: 0, endByte: sizeBytes });
    return parsing(uri, async () => {
      const reader = RecordBatchReader.from(bytes);
      reader.open();
      const fields = reader.schema.fields.map((field: ArrowField) => fieldOf(field, uri));
      return { input, schema: { fields }, contents: { kind: "stream", bytes } };
    });
  }
  const { batches, dictionaries } = found;
  return parsing(uri, async () => {
    const handle = new MessageHandle(input, [...dictionaries, ...batches]);
    // The parser takes any object that reads like a file of Node's.
    const reader = (await RecordBatchReader.from(handle as never)) as AsyncRecordBatchFileReader;
    await reader.open();
    const fields = reader.schema.fields.map((field: ArrowField) => fieldOf(field, uri));
    return { input, schema: { fields }, contents: { kind: "file", reader, batches } };
  });
}

function batchOf(record: RecordBatch, uri: string): Batch {
  const columns = record.schema.fields.map((field: ArrowField, index: number) =>
    readColumn(field, record.data.children[index]!, uri),
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
      throw fault(uri, `record batch ${index} is missing`);
    });
  }
}
