// Writes a Parquet file row group by row group: what is held is one row group, however large the file.

import type { Batch } from "../../batch/batch.ts";
import { buildColumnAs } from "../../batch/build-column.ts";
import { type Column, columnType, decimalWords } from "../../batch/column.ts";
import { EngineError } from "../../errors.ts";
import { parquetGroupBytesMax, parquetGroupRowsMax } from "../../limits/formats.ts";
import { type DataType, type Field, type Schema, sameType, typeText } from "../../plan/types.ts";
import type { Pack, PackingCodec } from "../compression/codecs.ts";
import { type LeafLevels, type WrittenChunk, writeChunk } from "./chunk-write.ts";
import { codecNames, physicalTypes } from "./metadata.ts";
import { schemaKey } from "./own-schema.ts";
import { shredColumn } from "./shred.ts";
import { writerName } from "./statistics.ts";
import {
  bool,
  bytes,
  i32,
  i64,
  list,
  struct,
  type Thrift,
  type ThriftField,
  text,
  thriftBytes,
} from "./thrift-write.ts";

const magic = new TextEncoder().encode("PAR1");
const optional = 1;
const repeated = 2;

interface Leaf extends LeafLevels {
  readonly path: readonly string[];
  readonly physical: number;
}

/** What stands for a type of ours: the physical one, and what it means in the newer and the older way. */
interface Stored {
  readonly physical: number;
  readonly width?: number;
  readonly logical?: Thrift;
  readonly converted?: number;
  readonly more?: readonly ThriftField[];
}

function storedOf(type: DataType): Stored {
  switch (type.kind) {
    case "bool":
      return { physical: physicalTypes.boolean };
    case "int32":
      return { physical: physicalTypes.int32 };
    case "int53":
    case "int64":
      return { physical: physicalTypes.int64 };
    case "float64":
      return { physical: physicalTypes.double };
    case "utf8":
      return { physical: physicalTypes.byteArray, converted: 0, logical: struct([1, struct()]) };
    case "json":
      return { physical: physicalTypes.byteArray, converted: 19, logical: struct([12, struct()]) };
    case "binary":
      return { physical: physicalTypes.byteArray };
    case "date":
      return { physical: physicalTypes.int32, converted: 6, logical: struct([6, struct()]) };
    case "timestamp": {
      const isInstant = type.zone !== undefined;
      const unit = struct([2, struct()]);
      const logical = struct([8, struct([1, bool(isInstant)], [2, unit])]);
      return { physical: physicalTypes.int64, logical, ...(isInstant ? { converted: 10 } : {}) };
    }
    case "decimal": {
      const { precision, scale } = type;
      const logical = struct([5, struct([1, i32(scale)], [2, i32(precision)])]);
      const common = {
        logical,
        converted: 5,
        more: [
          [7, i32(scale)],
          [8, i32(precision)],
        ] as const,
      };
      if (decimalWords(precision) === 1) return { physical: physicalTypes.int64, ...common };
      return { physical: physicalTypes.fixed, width: 16, ...common };
    }
    case "null":
      return { physical: physicalTypes.int32, logical: struct([11, struct()]) };
    default:
      throw new EngineError("INTERNAL", `a column of the type ${typeText(type)} has no leaf`);
  }
}

/** Elements of the schema in order of depth, and the leaves among them. Everything may be null. */
class SchemaWriter {
  readonly elements: Thrift[] = [];
  readonly leaves: Leaf[] = [];

  private group(name: string, repetition: number, children: number, kind?: "list"): void {
    const converted = kind === "list" ? i32(3) : undefined;
    const logical = kind === "list" ? struct([3, struct()]) : undefined;
    this.elements.push(
      struct(
        [3, i32(repetition)],
        [4, text(name)],
        [5, i32(children)],
        [6, converted],
        [10, logical],
      ),
    );
  }

  add(field: Field, outer: LeafLevels, path: readonly string[]): void {
    const { name, type } = field;
    const own = [...path, name];
    const definition = outer.definition + 1;
    const { repetition } = outer;
    if (type.kind === "struct") {
      this.group(name, optional, type.fields.length);
      for (const inner of type.fields) this.add(inner, { definition, repetition }, own);
      return;
    }
    if (type.kind === "list") {
      this.group(name, optional, 1, "list");
      this.group("list", repeated, 1);
      const levels = { definition: definition + 1, repetition: repetition + 1 };
      this.add({ ...type.item, name: "element" }, levels, [...own, "list"]);
      return;
    }
    const { physical, width, converted, more = [], logical } = storedOf(type);
    this.elements.push(
      struct(
        [1, i32(physical)],
        [2, width === undefined ? undefined : i32(width)],
        [3, i32(optional)],
        [4, text(name)],
        [6, converted === undefined ? undefined : i32(converted)],
        ...more,
        [10, logical],
      ),
    );
    this.leaves.push({ definition, repetition, path: own, physical });
  }
}

function nestedBytes(column: Column): number {
  switch (column.type) {
    case "list":
      return column.length * 4 + columnBytes(column.item);
    case "struct":
      return column.fields.reduce((sum, field) => sum + columnBytes(field), 0);
    default:
      return 0;
  }
}

/** About what a column takes in memory. */
export function columnBytes(column: Column): number {
  switch (column.type) {
    case "list":
    case "struct":
      return nestedBytes(column);
    case "utf8":
    case "json":
    case "binary": {
      const { offsets, length } = column;
      return length * 4 + offsets[length]! - offsets[0]!;
    }
    case "dictionary":
      return column.length * 4;
    case "bool":
    case "null":
      return column.length >> 3;
    default:
      return column.values.byteLength;
  }
}

interface WrittenGroup {
  readonly rows: number;
  readonly startByte: number;
  readonly chunks: readonly (WrittenChunk & { readonly startByte: number })[];
}

function statisticsOf({ bounds, nulls }: WrittenChunk): Thrift {
  const max = bounds === undefined ? undefined : bytes(bounds.max);
  const min = bounds === undefined ? undefined : bytes(bounds.min);
  return struct([3, i64(nulls)], [5, max], [6, min]);
}

export class ParquetWriter {
  private readonly schema: Schema;
  private readonly codec: PackingCodec;
  private readonly pack: Pack;
  private readonly shape: SchemaWriter;
  private readonly groups: WrittenGroup[] = [];
  private held: Batch[] = [];
  private heldRows = 0;
  private heldBytes = 0;
  private at = 0;
  private rows = 0;

  constructor(schema: Schema, codec: PackingCodec, pack: Pack) {
    this.schema = schema;
    this.codec = codec;
    this.pack = pack;
    this.shape = new SchemaWriter();
    for (const field of schema.fields) this.shape.add(field, { definition: 0, repetition: 0 }, []);
  }

  /** Bytes of the file so far, and about those that are held. */
  get bytesSoFar(): number {
    return this.at + this.heldBytes / 3;
  }

  /** Takes a batch of the schema's columns; answers bytes of the file, where a row group is full. */
  write(batch: Batch): readonly Uint8Array[] {
    this.check(batch);
    this.held.push(batch);
    this.heldRows += batch.rows;
    for (const column of batch.columns) this.heldBytes += columnBytes(column);
    const isFull = this.heldRows >= parquetGroupRowsMax || this.heldBytes >= parquetGroupBytesMax;
    return isFull ? this.flush() : [];
  }

  private check(batch: Batch): void {
    for (const [index, { name, type }] of this.schema.fields.entries()) {
      const column = batch.columns[index];
      if (column?.name === name && sameType(columnType(column), type)) continue;
      const found = column === undefined ? "nothing" : typeText(columnType(column));
      throw new EngineError(
        "INTERNAL",
        `column ${index} of a batch is ${found}, where "${name}: ${typeText(type)}" belongs`,
      );
    }
  }

  /** Ends the row group under way. */
  flush(): readonly Uint8Array[] {
    const parts: Uint8Array[] = [];
    if (this.at === 0) {
      parts.push(magic);
      this.at = magic.length;
    }
    if (this.heldRows === 0) return parts;
    const startByte = this.at;
    const shredded = this.held.map((batch) => batch.columns.flatMap(shredColumn));
    const chunks = this.shape.leaves.map((leaf, index) => {
      const pieces = shredded.map((leaves) => leaves[index]!);
      const chunk = { ...writeChunk(pieces, leaf, this.pack), startByte: this.at };
      parts.push(...chunk.parts);
      this.at += chunk.packedBytes;
      return { ...chunk, parts: [] };
    });
    this.groups.push({ rows: this.heldRows, startByte, chunks });
    this.rows += this.heldRows;
    this.held = [];
    this.heldRows = 0;
    this.heldBytes = 0;
    return parts;
  }

  /** The rest of the file; it takes no batch afterwards. */
  finish(): readonly Uint8Array[] {
    const parts = [...this.flush()];
    const footer = thriftBytes(this.footer());
    const length = new Uint8Array(Int32Array.of(footer.length).buffer);
    parts.push(footer, length, magic);
    return parts;
  }

  private footer(): Thrift {
    const root = struct([4, text("schema")], [5, i32(this.schema.fields.length)]);
    const elements = [root, ...this.shape.elements];
    const typeOrder = struct([1, struct()]);
    const own = struct([1, text(schemaKey)], [2, text(JSON.stringify(this.schema.fields))]);
    return struct(
      [1, i32(2)],
      [2, list("struct", elements)],
      [3, i64(this.rows)],
      [
        4,
        list(
          "struct",
          this.groups.map((group) => this.groupOf(group)),
        ),
      ],
      [5, list("struct", [own])],
      [6, text(`${writerName} version 0.1.0`)],
      [
        7,
        list(
          "struct",
          this.shape.leaves.map(() => typeOrder),
        ),
      ],
    );
  }

  private groupOf({ rows, startByte, chunks }: WrittenGroup): Thrift {
    const columns = chunks.map((chunk, index) => {
      const { path, physical } = this.shape.leaves[index]!;
      const { dictionaryBytes } = chunk;
      const metadata = struct(
        [1, i32(physical)],
        [2, list("i32", chunk.encodings.map(i32))],
        [3, list("binary", path.map(text))],
        [4, i32(codecNames.indexOf(this.codec))],
        [5, i64(chunk.values)],
        [6, i64(chunk.unpackedBytes)],
        [7, i64(chunk.packedBytes)],
        [9, i64(chunk.startByte + dictionaryBytes)],
        [11, dictionaryBytes > 0 ? i64(chunk.startByte) : undefined],
        [12, statisticsOf(chunk)],
      );
      return struct([2, i64(0)], [3, metadata]);
    });
    const unpacked = chunks.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
    const packed = chunks.reduce((sum, { packedBytes }) => sum + packedBytes, 0);
    return struct(
      [1, list("struct", columns)],
      [2, i64(unpacked)],
      [3, i64(rows)],
      [5, i64(startByte)],
      [6, i64(packed)],
    );
  }
}

/** The columns of a batch as a schema; what it holds may be null. */
export function schemaOfBatch(batch: Batch): Schema {
  return {
    fields: batch.columns.map((column) => ({
      name: column.name,
      type: columnType(column),
      nullable: true,
    })),
  };
}

/** Nulls of a column that has no values take any type. */
export function asNulls(column: Column, field: Field): Column {
  return buildColumnAs(field.name, field.type, new Array<null>(column.length).fill(null), "null");
}
