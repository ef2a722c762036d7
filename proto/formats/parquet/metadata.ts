// The footer of a Parquet file: its schema as stored, its row groups, and where their columns lie.

import {
  asBytes,
  asFields,
  asList,
  asNumber,
  asNumberOr,
  asText,
  damagedThrift,
  ThriftReader,
  type ThriftStruct,
  type ThriftValue,
} from "./thrift-read.ts";

/** How values are stored, by the numbers of the format. */
export const physicalTypes = {
  boolean: 0,
  int32: 1,
  int64: 2,
  int96: 3,
  float: 4,
  double: 5,
  byteArray: 6,
  fixed: 7,
} as const;

export const encodings = {
  plain: 0,
  plainDictionary: 2,
  rle: 3,
  bitPacked: 4,
  deltaBinaryPacked: 5,
  deltaLengthByteArray: 6,
  deltaByteArray: 7,
  rleDictionary: 8,
  byteStreamSplit: 9,
} as const;

export const codecNames = [
  "none",
  "snappy",
  "gzip",
  "lzo",
  "brotli",
  "lz4",
  "zstd",
  "lz4_raw",
] as const;
export type CodecName = (typeof codecNames)[number];

export type Repetition = "required" | "optional" | "repeated";
const repetitions: readonly Repetition[] = ["required", "optional", "repeated"];

export type TimeUnit = "ms" | "us" | "ns";

/** What a stored value means; undefined for what its physical type says. */
export type LogicalType =
  | { readonly kind: "string" | "json" | "enum" | "list" | "map" | "date" | "uuid" | "float16" }
  | { readonly kind: "decimal"; readonly precision: number; readonly scale: number }
  | { readonly kind: "timestamp"; readonly unit: TimeUnit; readonly utc: boolean }
  | { readonly kind: "time"; readonly unit: TimeUnit }
  | { readonly kind: "integer"; readonly bits: number; readonly signed: boolean }
  | { readonly kind: "null" };

export interface SchemaElement {
  readonly name: string;
  readonly repetition: Repetition;
  /** Undefined for groups. */
  readonly physical: number | undefined;
  /** Bytes of one value of the type `fixed`. */
  readonly width: number;
  readonly children: number;
  readonly logical: LogicalType | undefined;
}

/** Smallest and largest value as they are stored. */
export interface ChunkStatistics {
  readonly min: Uint8Array | undefined;
  readonly max: Uint8Array | undefined;
  readonly nullCount: number | undefined;
}

export interface ColumnChunk {
  readonly codec: CodecName;
  readonly values: number;
  readonly startByte: number;
  readonly compressedBytes: number;
  readonly uncompressedBytes: number;
  readonly statistics: ChunkStatistics | undefined;
}

export interface RowGroup {
  readonly rows: number;
  /** One per leaf of the schema, in its order. */
  readonly chunks: readonly ColumnChunk[];
}

export interface FileMetadata {
  readonly elements: readonly SchemaElement[];
  readonly rows: number;
  readonly rowGroups: readonly RowGroup[];
  readonly createdBy: string;
  readonly keyValues: ReadonlyMap<string, string>;
}

function unitOf(value: ThriftValue): TimeUnit {
  const unit = asFields(value);
  if (unit?.[1] !== undefined) return "ms";
  return unit?.[3] !== undefined ? "ns" : "us";
}

const logicalKinds = { 1: "string", 2: "map", 3: "list", 4: "enum", 6: "date" } as const;
const laterKinds = { 11: "null", 12: "json", 14: "uuid", 15: "float16" } as const;

function logicalOf(union: ThriftStruct): LogicalType | undefined {
  for (const [id, kind] of Object.entries({ ...logicalKinds, ...laterKinds })) {
    if (union[Number(id)] !== undefined) return { kind };
  }
  const decimal = asFields(union[5]);
  if (decimal !== undefined) {
    const scale = asNumberOr(decimal[1], 0);
    return { kind: "decimal", scale, precision: asNumber(decimal[2], "a precision") };
  }
  const time = asFields(union[7]);
  if (time !== undefined) return { kind: "time", unit: unitOf(time[2]) };
  const timestamp = asFields(union[8]);
  if (timestamp !== undefined) {
    return { kind: "timestamp", utc: timestamp[1] === true, unit: unitOf(timestamp[2]) };
  }
  const integer = asFields(union[10]);
  if (integer !== undefined) {
    return { kind: "integer", bits: asNumberOr(integer[1], 32), signed: integer[2] === true };
  }
  return undefined;
}

/** The older way to say the same. */
function convertedOf(converted: ThriftValue, element: ThriftStruct): LogicalType | undefined {
  switch (converted) {
    case 0:
      return { kind: "string" };
    case 1:
    case 2:
      return { kind: "map" };
    case 3:
      return { kind: "list" };
    case 4:
      return { kind: "enum" };
    case 5: {
      const scale = asNumberOr(element[7], 0);
      return { kind: "decimal", scale, precision: asNumber(element[8], "a precision") };
    }
    case 6:
      return { kind: "date" };
    case 7:
      return { kind: "time", unit: "ms" };
    case 8:
      return { kind: "time", unit: "us" };
    case 9:
      return { kind: "timestamp", unit: "ms", utc: true };
    case 10:
      return { kind: "timestamp", unit: "us", utc: true };
    case 19:
      return { kind: "json" };
    default: {
      const number = asNumberOr(converted, -1);
      if (number < 11 || number > 18) return undefined;
      const signed = number >= 15;
      return { kind: "integer", bits: 8 << ((number - 11) % 4), signed };
    }
  }
}

function elementOf(value: ThriftValue, index: number): SchemaElement {
  const fields = asList(value, `element ${index} of the schema`);
  const union = asFields(fields[10]);
  const logical = union === undefined ? undefined : logicalOf(union);
  return {
    name: asText(fields[4], `the name of element ${index}`),
    repetition: repetitions[asNumberOr(fields[3], 0)] ?? "required",
    physical: typeof fields[1] === "number" ? fields[1] : undefined,
    width: asNumberOr(fields[2], 0),
    children: asNumberOr(fields[5], 0),
    logical: logical ?? convertedOf(fields[6], fields),
  };
}

/**
 * The fields that replaced the older `min` and `max`, whose order was not told. Of signed numbers the older
 * ones are used by the caller, who knows the type.
 */
function statisticsOf(value: ThriftValue): ChunkStatistics | undefined {
  const fields = asFields(value);
  if (fields === undefined) return undefined;
  return {
    min: asBytes(fields[6]),
    max: asBytes(fields[5]),
    nullCount: typeof fields[3] === "number" ? fields[3] : undefined,
  };
}

function chunkOf(value: ThriftValue): ColumnChunk {
  const outer = asList(value, "a column");
  const fields = asFields(outer[3]);
  if (fields === undefined) throw damagedThrift("a column lies in another file, or is encrypted");
  const codec = codecNames[asNumber(fields[4], "a codec")];
  if (codec === undefined) throw damagedThrift(`an unknown codec ${String(fields[4])}`);
  const dataPage = asNumber(fields[9], "the offset of a data page");
  const dictionaryPage = asNumberOr(fields[11], 0);
  // Some writers store 0, or an offset behind the data, where there is no dictionary.
  const startByte = dictionaryPage > 0 && dictionaryPage < dataPage ? dictionaryPage : dataPage;
  return {
    codec,
    values: asNumber(fields[5], "a number of values"),
    startByte,
    uncompressedBytes: asNumber(fields[6], "a size"),
    compressedBytes: asNumber(fields[7], "a size"),
    statistics: statisticsOf(fields[12]),
  };
}

function rowGroupOf(value: ThriftValue): RowGroup {
  const fields = asList(value, "a row group");
  return {
    rows: asNumber(fields[3], "the rows of a row group"),
    chunks: asList(fields[1], "the columns of a row group").map(chunkOf),
  };
}

function keyValuesOf(value: ThriftValue): ReadonlyMap<string, string> {
  const pairs = new Map<string, string>();
  for (const item of asFields(value) ?? []) {
    const pair = asFields(item);
    if (pair?.[1] === undefined || pair[2] === undefined) continue;
    pairs.set(asText(pair[1], "a key"), asText(pair[2], "a value"));
  }
  return pairs;
}

/** Decodes the footer. Throws INPUT_MALFORMED where it is damaged. */
export function decodeMetadata(bytes: Uint8Array): FileMetadata {
  const fields = new ThriftReader(bytes).struct();
  const createdBy = asBytes(fields[6]);
  return {
    elements: asList(fields[2], "the schema").map(elementOf),
    rows: asNumber(fields[3], "the number of rows"),
    rowGroups: asList(fields[4], "the list of row groups").map(rowGroupOf),
    createdBy: createdBy === undefined ? "" : new TextDecoder().decode(createdBy),
    keyValues: keyValuesOf(fields[5]),
  };
}
